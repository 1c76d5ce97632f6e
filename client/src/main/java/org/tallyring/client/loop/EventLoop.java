package org.tallyring.client.loop;

import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * One thread and its clock. State that only tasks of one loop touch needs no locks, and a loop
 * whose clock is turned by hand makes a test of time-outs exact.
 *
 * <p>Tasks run one at a time, in the order in which they were given; all methods may be called from
 * any thread. A task that throws is logged as a defect and does not end the loop. After {@link
 * #close()} tasks are dropped in silence, since answers from the network may still come in.
 */
public interface EventLoop extends Executor, AutoCloseable {

  /** Runs a task soon. */
  @Override
  void execute(Runnable task);

  /** Runs a task once, when {@code delay} is over. */
  void schedule(Runnable task, Duration delay);

  /** The loop's clock in nanoseconds, from an arbitrary origin; it never goes back. */
  long nanoTime();

  /** Drops the tasks that have not begun and takes no more. */
  @Override
  void close();
}
