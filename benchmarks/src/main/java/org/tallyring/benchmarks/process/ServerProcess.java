package org.tallyring.benchmarks.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server in a process of its own, in an empty directory, both of which are gone when this is
 * closed or this process ends in good order. Thread-safe.
 */
public final class ServerProcess implements AutoCloseable {

  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(30);
  private static final int SHOWN_LINES = 10;

  private final Process process;
  private final Path directory;
  private final Thread atExit = new Thread(this::end, "end-server");

  private ServerProcess(Process process, Path directory) {
    this.process = process;
    this.directory = directory;
  }

  /**
   * Makes an empty directory for a server.
   *
   * @param parent where; null for where temporary files are
   */
  public static Path directory(@Nullable Path parent) throws IOException {
    if (parent == null) {
      return Files.createTempDirectory("tally-bench-");
    }
    Files.createDirectories(parent);
    return Files.createTempDirectory(parent, "tally-bench-");
  }

  /**
   * Starts a server and waits until it is ready.
   *
   * @param directory what {@link #directory} made; it runs there
   * @param ready what its standard output has when it is ready
   * @param limit after how long to give up
   * @throws IOException if it cannot be started, ends early, or is not ready in time; the message
   *     has the last lines it wrote
   */
  public static ServerProcess start(
      List<String> command, Path directory, String ready, Duration limit)
      throws IOException, InterruptedException {
    Path output = directory.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    ServerProcess server;
    try {
      server = new ServerProcess(builder.start(), directory);
    } catch (IOException notStarted) {
      delete(directory);
      throw notStarted;
    }
    Runtime.getRuntime().addShutdownHook(server.atExit);
    try {
      server.awaitReady(output, ready, limit);
    } catch (IOException | InterruptedException failure) {
      server.close();
      throw failure;
    }
    return server;
  }

  private void awaitReady(Path output, String ready, Duration limit)
      throws IOException, InterruptedException {
    long giveUpAt = System.nanoTime() + limit.toNanos();
    while (!Files.readString(output).contains(ready)) {
      if (process.waitFor(LOOK_AGAIN.toMillis(), TimeUnit.MILLISECONDS)
          || System.nanoTime() - giveUpAt > 0) {
        List<String> lines = Files.readAllLines(output);
        throw new IOException(
            "server: "
                + (process.isAlive() ? "not ready within " + limit : "ended at once")
                + "; it wrote: "
                + String.join(
                    " | ", lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size())));
      }
    }
  }

  /** The CPU time that the process has used, in nanoseconds, as the system accounts for it. */
  public double cpuNanos() {
    return process
        .info()
        .totalCpuDuration()
        .map(Duration::toNanos)
        .orElseThrow(() -> new IllegalStateException("server: ended (expected: running)"));
  }

  /** Stops it, kills it if that takes too long, and deletes the directory. */
  @Override
  public void close() {
    end();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException exiting) {
      // The hook runs already, and does the same.
    }
  }

  private synchronized void end() {
    process.destroy();
    boolean interrupted = Thread.interrupted();
    try {
      if (!process.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    delete(directory);
  }

  private static void delete(Path directory) {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
