package org.tallyring.systemtests.driver;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.tallyring.systemtests.dataset.DataSet;

/**
 * Writes a data set to a process line by line, up to a gate that the test moves. So a fault lands
 * in the middle of a replay by construction: lines behind the gate cannot have been counted,
 * however fast the machine is. The calls are thread-safe.
 */
public final class LineFeed {

  private final Semaphore gate = new Semaphore(0);
  private final Thread writer;
  private volatile @Nullable IOException failure;

  /** Begins to write, as far as the gate allows: not at all. */
  public LineFeed(DataSet set, OutputStream sink) {
    writer = new Thread(() -> write(set, sink), "line-feed");
    writer.setDaemon(true);
    writer.start();
  }

  /** Lets this many more lines through. */
  public void allow(int lines) {
    gate.release(lines);
  }

  /** Lets all the rest through, and then the end of the file. */
  public void allowAll() {
    gate.release(Integer.MAX_VALUE / 2);
  }

  /** Whether the end of the file was written. */
  public boolean isDone() {
    return !writer.isAlive() && failure == null;
  }

  private void write(DataSet set, OutputStream sink) {
    try (BufferedReader lines =
            new BufferedReader(new InputStreamReader(set.open(), StandardCharsets.UTF_8));
        OutputStream out = new BufferedOutputStream(sink, 1 << 14)) {
      String line = lines.readLine();
      while (line != null) {
        if (!gate.tryAcquire()) {
          out.flush();
          gate.acquireUninterruptibly();
        }
        out.write(line.getBytes(StandardCharsets.UTF_8));
        out.write('\n');
        line = lines.readLine();
      }
    } catch (IOException e) {
      failure = e;
    }
  }
}
