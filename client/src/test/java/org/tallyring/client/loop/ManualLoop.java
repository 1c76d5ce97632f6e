package org.tallyring.client.loop;

import java.time.Duration;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * An {@link EventLoop} whose clock is turned by hand: tasks run when the test says so, in its
 * thread.
 */
public final class ManualLoop implements EventLoop {

  private record Task(long time, long order, Runnable action) implements Comparable<Task> {
    @Override
    public int compareTo(Task other) {
      return time != other.time ? Long.compare(time, other.time) : Long.compare(order, other.order);
    }
  }

  private final PriorityQueue<Task> tasks = new PriorityQueue<>();
  private long now = 1_000_000_000L;
  private long order;
  private boolean closed;

  @Override
  public synchronized void execute(Runnable task) {
    schedule(task, Duration.ZERO);
  }

  @Override
  public synchronized void schedule(Runnable task, Duration delay) {
    if (!closed) {
      tasks.add(new Task(now + delay.toNanos(), order++, task));
    }
  }

  @Override
  public synchronized long nanoTime() {
    return now;
  }

  @Override
  public synchronized void close() {
    closed = true;
    tasks.clear();
  }

  /** Runs what is due. */
  public void run() {
    advance(Duration.ZERO);
  }

  /** Turns the clock, running each task at its time. */
  public void advance(Duration duration) {
    long end = nanoTime() + duration.toNanos();
    for (Runnable next = next(end); next != null; next = next(end)) {
      next.run();
    }
  }

  private synchronized @Nullable Runnable next(long end) {
    Task task = tasks.peek();
    if (task == null || task.time > end) {
      now = end;
      return null;
    }
    tasks.remove();
    now = Math.max(now, task.time);
    return task.action;
  }
}
