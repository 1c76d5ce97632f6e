package org.tallyring.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A server in the foreground of its process: it runs until the process is asked to stop (Ctrl-C,
 * SIGTERM), and the process lives on until the server has stopped in good order.
 *
 * <p>The virtual machine ends when its shutdown hooks return, whatever other threads do. So the
 * hook only passes the wish on and waits, and the main thread does the stopping.
 */
final class Foreground {

  /** A stop that takes longer is cut off; the data is safe, the next start takes a moment more. */
  private static final long STOP_SECONDS = 20;

  private final CountDownLatch stopAsked = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);

  private Foreground() {}

  /** Waits until the process is asked to stop, then closes the server. */
  static void run(AutoCloseable server) {
    Foreground foreground = new Foreground();
    Runtime.getRuntime().addShutdownHook(new Thread(foreground::passOn, "stop"));
    try {
      foreground.stopAsked.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try {
      server.close();
    } catch (Exception e) {
      throw new IllegalStateException("stop: not in good order", e);
    } finally {
      foreground.stopped.countDown();
    }
  }

  private void passOn() {
    stopAsked.countDown();
    try {
      if (!stopped.await(STOP_SECONDS, TimeUnit.SECONDS)) {
        System.err.println(
            "tally: did not stop within " + STOP_SECONDS + " s; ending all the same");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
