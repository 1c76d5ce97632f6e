package org.tallyring.client.loop;

import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An {@link EventLoop} on a thread of its own. */
final class ThreadEventLoop implements EventLoop {

  private static final Logger logger = LoggerFactory.getLogger(EventLoop.class);

  private final String name;
  private final ScheduledThreadPoolExecutor executor;

  ThreadEventLoop(String name) {
    this.name = name;
    executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            },
            new ThreadPoolExecutor.DiscardPolicy());
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public void execute(Runnable task) {
    executor.execute(() -> run(task));
  }

  @Override
  public void schedule(Runnable task, Duration delay) {
    executor.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }

  /** The executor would keep a task's exception in a future that nobody reads. */
  private void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error defect) {
      logger.error("A task of {} failed; this is a defect, please report it.", name, defect);
    }
  }
}
