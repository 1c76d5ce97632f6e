package org.tallyring.shardserver.controller;

import java.time.Duration;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * An executor whose time stands still until the test lets it go on. Tasks run on the test's thread,
 * in order of the time they are due and then of their submission. Not thread-safe.
 */
final class ManualTime extends AbstractExecutorService implements ScheduledExecutorService {

  /** So many tasks without any time passing are a loop. */
  private static final int MAX_TASKS_AT_ONCE = 10_000;

  private final PriorityQueue<Timer<?>> timers = new PriorityQueue<>();
  private long nowNanos;
  private long lastNumber;
  private boolean shutdown;

  /** Runs what is due now, and what that makes due now. */
  void settle() {
    advance(Duration.ZERO);
  }

  /** Lets time pass and runs what is due until then. */
  void advance(Duration time) {
    long until = nowNanos + time.toNanos();
    int tasksAtOnce = 0;
    while (!timers.isEmpty() && timers.peek().dueNanos <= until) {
      Timer<?> next = timers.remove();
      tasksAtOnce = next.dueNanos > nowNanos ? 0 : tasksAtOnce + 1;
      if (tasksAtOnce > MAX_TASKS_AT_ONCE) {
        throw new AssertionError("no end after " + MAX_TASKS_AT_ONCE + " tasks");
      }
      nowNanos = Math.max(nowNanos, next.dueNanos);
      next.runAndReport();
    }
    nowNanos = until;
  }

  @Override
  public void execute(Runnable command) {
    schedule(command, 0, TimeUnit.NANOSECONDS);
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
    return schedule(
        () -> {
          command.run();
          return true;
        },
        delay,
        unit);
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
    Timer<V> timer = new Timer<>(callable, nowNanos + unit.toNanos(delay), ++lastNumber);
    timers.add(timer);
    return timer;
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable command, long initialDelay, long period, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable command, long initialDelay, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void shutdown() {
    shutdown = true;
  }

  @Override
  public List<Runnable> shutdownNow() {
    shutdown = true;
    timers.clear();
    return List.of();
  }

  @Override
  public boolean isShutdown() {
    return shutdown;
  }

  @Override
  public boolean isTerminated() {
    return shutdown && timers.isEmpty();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return isTerminated();
  }

  private final class Timer<V> extends FutureTask<V> implements ScheduledFuture<V> {

    private final long dueNanos;
    private final long number;

    Timer(Callable<V> task, long dueNanos, long number) {
      super(task);
      this.dueNanos = dueNanos;
      this.number = number;
    }

    void runAndReport() {
      run();
      try {
        get();
      } catch (ExecutionException | InterruptedException e) {
        throw new AssertionError("a task failed", e);
      }
    }

    @Override
    public long getDelay(TimeUnit unit) {
      return unit.convert(dueNanos - nowNanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
      Timer<?> that = (Timer<?>) other;
      return dueNanos != that.dueNanos
          ? Long.compare(dueNanos, that.dueNanos)
          : Long.compare(number, that.number);
    }

    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }
}
