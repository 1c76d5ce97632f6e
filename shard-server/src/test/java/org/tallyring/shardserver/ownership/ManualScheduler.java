package org.tallyring.shardserver.ownership;

import java.lang.reflect.Proxy;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Keeps what is scheduled for later until it is taken, runs the rest at once. Thread-safe. */
final class ManualScheduler {

  /** A task and after how long it was to run. */
  record Scheduled(Runnable task, long delayMillis) {}

  private final BlockingQueue<Scheduled> scheduled = new LinkedBlockingQueue<>();

  ScheduledExecutorService asService() {
    return (ScheduledExecutorService)
        Proxy.newProxyInstance(
            ManualScheduler.class.getClassLoader(),
            new Class<?>[] {ScheduledExecutorService.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("execute")) {
                ((Runnable) arguments[0]).run();
                return null;
              }
              if (!method.getName().equals("schedule")) {
                throw new UnsupportedOperationException(method.getName());
              }
              TimeUnit unit = (TimeUnit) arguments[2];
              scheduled.add(
                  new Scheduled((Runnable) arguments[0], unit.toMillis((Long) arguments[1])));
              return null;
            });
  }

  /** The next scheduled task, waited for. */
  Scheduled take() throws InterruptedException {
    Scheduled next = scheduled.poll(10, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing was scheduled");
    }
    return next;
  }

  boolean isEmpty() {
    return scheduled.isEmpty();
  }
}
