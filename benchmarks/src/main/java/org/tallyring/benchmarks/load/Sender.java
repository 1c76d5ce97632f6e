package org.tallyring.benchmarks.load;

import java.util.concurrent.TimeUnit;
import org.tallyring.benchmarks.keys.RankStream;

/** Sends its part of the increments, each when it is due. */
final class Sender implements Worker {

  /**
   * The shortest rest, since waking up costs more than many increments. It delays increments by as
   * much at most, which their latency includes.
   */
  private static final long REST_NANOS = TimeUnit.MICROSECONDS.toNanos(250);

  private final LoadPlan plan;
  private final RankStream ranks;
  private final int number;
  private final Producer producer;
  private final SentCounts sent;
  private long attempts;
  private long unsent;

  /** The {@code number}-th of the plan's senders. */
  Sender(LoadPlan plan, RankStream ranks, int number, Producer producer, SentCounts sent) {
    this.plan = plan;
    this.ranks = ranks;
    this.number = number;
    this.producer = producer;
    this.sent = sent;
  }

  /** Sends its share of all keys, once for each metric. */
  void fill(Clock clock) {
    for (int rank = number; rank < plan.keys(); rank += plan.threads()) {
      for (int metric = 0; metric < plan.metrics(); metric++) {
        send(metric, rank, clock.nanoTime(), false);
      }
    }
    producer.finish();
  }

  @Override
  public void work(Window window, Clock clock) {
    Schedule schedule = Schedule.part(plan.rate(), window.startNanos(), number, plan.threads());
    long place = RankStream.partStart(number, plan.threads());
    long now = clock.nanoTime();
    while (!window.isOver(now) && !Thread.currentThread().isInterrupted()) {
      long due = Math.min(schedule.dueBy(now), attempts + producer.burst());
      if (due == attempts) {
        producer.idle();
        clock.parkUntil(Math.max(schedule.dueAt(attempts), now + REST_NANOS));
      }
      for (; attempts < due; attempts++) {
        send(
            (int) (attempts % plan.metrics()),
            ranks.at(place++),
            schedule.isPaced() ? schedule.dueAt(attempts) : now,
            attempts % plan.sampling() == 0);
      }
      now = clock.nanoTime();
    }
    unsent =
        schedule.isPaced() ? Math.max(0, schedule.dueBy(window.untilNanos() - 1) - attempts) : 0;
    producer.finish();
  }

  private void send(int metric, int rank, long dueNanos, boolean sampled) {
    if (producer.send(metric, rank, dueNanos, sampled)) {
      sent.add(metric, rank);
    }
  }

  /** How many were due before the end and not sent, because the system took no more. */
  long unsent() {
    return unsent;
  }

  SentCounts sent() {
    return sent;
  }
}
