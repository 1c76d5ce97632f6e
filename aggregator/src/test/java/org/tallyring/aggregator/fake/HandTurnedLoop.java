package org.tallyring.aggregator.fake;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.tallyring.client.loop.EventLoop;

/** A loop whose clock stands until a test turns it. Runs tasks on the caller's thread. */
public final class HandTurnedLoop implements EventLoop {

  private record Timer(long dueNanos, long order, Runnable task) {}

  private final PriorityQueue<Timer> timers =
      new PriorityQueue<>(Comparator.comparingLong(Timer::dueNanos).thenComparing(Timer::order));
  private long nowNanos;
  private long order;

  /** Lets time pass and everything that is due in it happen. */
  public void turn(Duration time) {
    long until = nowNanos + time.toNanos();
    for (Timer next = timers.peek();
        next != null && next.dueNanos() <= until;
        next = timers.peek()) {
      timers.remove(next);
      nowNanos = next.dueNanos();
      next.task().run();
    }
    nowNanos = until;
  }

  @Override
  public void execute(Runnable task) {
    task.run();
  }

  @Override
  public void schedule(Runnable task, Duration delay) {
    timers.add(new Timer(nowNanos + delay.toNanos(), order++, task));
  }

  @Override
  public long nanoTime() {
    return nowNanos;
  }

  @Override
  public void close() {
    timers.clear();
  }
}
