package org.tallyring.systemtests.chaos;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How long writes to each range stood still, at worst.
 *
 * <p>A range stands still while a write to it waits and none is acknowledged. An acknowledgement
 * ends a gap that began with the one before it, or with the sending of what it answers if that was
 * later. So a range that nobody writes to has no gap, and the measure does not depend on how often
 * it is written to. Thread-safe.
 */
final class WriteGaps {

  /** A time in which a range stood still, in nanoseconds of the load's clock. */
  record Gap(int range, long from, long to) {

    private static final Gap NONE = new Gap(0, 0, 0);

    /** How long it was. */
    long millis() {
      return (to - from) / 1_000_000;
    }

    /** What it was, with times counted from that moment. */
    String since(long moment) {
      return "%d ms (range %d, from %d to %d ms)"
          .formatted(millis(), range, (from - moment) / 1_000_000, (to - moment) / 1_000_000);
    }
  }

  private final long[] lastAnswer;
  private Gap worst = Gap.NONE;

  WriteGaps(int ranges) {
    lastAnswer = new long[ranges];
    Arrays.fill(lastAnswer, Long.MIN_VALUE);
  }

  /**
   * A write was acknowledged; times are in nanoseconds of one clock.
   *
   * @param sentAt when it was sent
   * @param now when the answer came
   */
  synchronized void acknowledged(int range, long sentAt, long now) {
    long since = Math.max(lastAnswer[range], sentAt);
    if (now - since > worst.to - worst.from) {
      worst = new Gap(range, since, now);
    }
    lastAnswer[range] = now;
  }

  /** Whether every range has acknowledged a write that was answered after that moment. */
  synchronized boolean allAnsweredAfter(long moment) {
    return Arrays.stream(lastAnswer).allMatch(answer -> answer > moment);
  }

  /** The ranges without an answer since that moment. */
  synchronized int[] silentSince(long moment) {
    return IntStream.range(0, lastAnswer.length).filter(i -> lastAnswer[i] <= moment).toArray();
  }

  /** The worst gap of any range since the last call; begins anew. */
  synchronized Gap takeWorst() {
    Gap taken = worst;
    worst = Gap.NONE;
    return taken;
  }
}
