package org.tallyring.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;

/**
 * A server in the foreground of its process: it runs until the process is asked to stop (Ctrl-C,
 * SIGTERM), and the process lives on until the server has stopped in good order.
 *
 * <p>The virtual machine ends when its shutdown hooks return, whatever other threads do. So the
 * hook only passes the wish on and waits, and the main thread does the stopping. A machine that was
 * told to end by a signal ends with that signal's exit code, whatever came of it; since a stop in
 * good order is what was asked for, the hook ends the process with 0 then.
 */
final class Foreground {

  /** A stop that takes longer is cut off; the data is safe, the next start takes a moment more. */
  private static final Duration STOP = Duration.ofSeconds(20);

  private final CountDownLatch stopAsked = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);

  private final Duration stopWithin;
  private volatile boolean inGoodOrder;

  private Foreground(Duration stopWithin) {
    this.stopWithin = stopWithin;
  }

  /** Waits until the process is asked to stop, then closes the server. */
  static void run(AutoCloseable server) {
    run(server, Duration.ZERO);
  }

  /**
   * As {@link #run(AutoCloseable)}, for a server that has something to do before it stops.
   *
   * @param before how long that may take
   */
  static void run(AutoCloseable server, Duration before) {
    run(server, before, new CompletableFuture<>());
  }

  /**
   * As {@link #run(AutoCloseable)}, for a server that can fail by itself. Then the process ends,
   * too, so that whoever looks after it starts it again.
   *
   * @param end completes exceptionally when the server has failed
   * @throws CliException if it has
   */
  static void run(AutoCloseable server, CompletableFuture<Void> end) {
    run(server, Duration.ZERO, end);
  }

  private static void run(AutoCloseable server, Duration before, CompletableFuture<Void> end) {
    Foreground foreground = new Foreground(STOP.plus(before));
    Runtime.getRuntime().addShutdownHook(new Thread(foreground::passOn, "stop"));
    end.whenComplete((done, failure) -> foreground.stopAsked.countDown());
    try {
      foreground.stopAsked.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (end.isCompletedExceptionally()) {
      foreground.stopped.countDown();
      throw CliException.failed("stopped by itself; see what it logged, and start it again");
    }
    try {
      server.close();
      foreground.inGoodOrder = true;
    } catch (Exception e) {
      throw new IllegalStateException("stop: not in good order", e);
    } finally {
      foreground.stopped.countDown();
    }
  }

  private void passOn() {
    stopAsked.countDown();
    try {
      if (!stopped.await(stopWithin.toMillis(), TimeUnit.MILLISECONDS)) {
        System.err.println(
            "tally: did not stop within " + stopWithin.toSeconds() + " s; ending all the same");
      } else if (inGoodOrder) {
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(ExitCode.DONE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
