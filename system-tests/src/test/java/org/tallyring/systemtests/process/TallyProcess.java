package org.tallyring.systemtests.process;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One running {@code tally} command. Thread-safe. */
public final class TallyProcess {

  private static final Duration END = Duration.ofSeconds(20);

  /** Exit codes from here on say by which signal. */
  private static final int SIGNALLED = 128;

  private final String name;
  private final Process process;
  private final Path stdout;
  private final Path stderr;

  TallyProcess(String name, Process process, Path stdout, Path stderr) {
    this.name = name;
    this.process = process;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** What it is called in messages and file names. */
  public String name() {
    return name;
  }

  /** Whether it has not ended. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Whether it has ended, and neither well nor by a signal. */
  boolean hasFailed() {
    return !isAlive() && process.exitValue() != 0 && process.exitValue() < SIGNALLED;
  }

  /** What it reads. */
  public OutputStream stdin() {
    return process.getOutputStream();
  }

  /** What it has written to its standard output so far. */
  public String stdout() {
    return read(stdout);
  }

  /** What it has written to its standard error so far. */
  public String stderr() {
    return read(stderr);
  }

  /** Waits until it has written this text; fails at once if it ends without it. */
  public void awaitOutput(String text, Duration atMost) {
    await(name + " to write: " + text)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(50))
        .atMost(atMost)
        .failFast(name + " ended early", () -> !isAlive() && !stdout().contains(text))
        .until(() -> stdout().contains(text));
  }

  /**
   * Waits until it ends by itself.
   *
   * @return its exit code
   */
  public int awaitExit(Duration atMost) {
    try {
      if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError(name + " did not end within " + atMost);
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while waiting for " + name, e);
    }
  }

  /**
   * Ends it, and what it started, as a power cut would: SIGKILL, nothing is flushed. Returns when
   * it is gone.
   */
  public void kill9() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    awaitExit(END);
  }

  /**
   * Asks it to end, with SIGTERM.
   *
   * @return its exit code
   */
  public int terminate() {
    askToEnd();
    return awaitExit(END);
  }

  /** Asks it to end, with SIGTERM, and does not wait. */
  public void askToEnd() {
    process.destroy();
  }

  /** Stops it where it stands, with SIGSTOP: it keeps its connections and answers nothing. */
  public void pause() {
    signal("STOP");
  }

  /** Lets it go on where it was paused. */
  public void resume() {
    signal("CONT");
  }

  private void signal(String signal) {
    try {
      Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
      if (kill.waitFor() != 0) {
        throw new AssertionError(name + ": no " + signal + " (expected: a running process)");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while " + name + " was signalled", e);
    }
  }

  /** The last lines that it wrote, for a failed test. */
  String tail(int lines) {
    return "--- "
        + name
        + (isAlive() ? " (running)" : " (exit code " + process.exitValue() + ")")
        + "\n"
        + lastLines(stdout(), lines)
        + lastLines(stderr(), lines);
  }

  private static String lastLines(String text, int count) {
    List<String> lines = text.lines().toList();
    List<String> last = lines.subList(Math.max(0, lines.size() - count), lines.size());
    return last.isEmpty() ? "" : String.join("\n", last) + "\n";
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
