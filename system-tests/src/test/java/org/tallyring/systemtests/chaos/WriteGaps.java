package org.tallyring.systemtests.chaos;

import java.util.Arrays;

/**
 * How long writes to each range stood still, at worst.
 *
 * <p>A range stands still while a write to it waits and none is acknowledged. An acknowledgement
 * ends a gap that began with the one before it, or with the sending of what it answers if that was
 * later. So a range that nobody writes to has no gap, and the measure does not depend on how often
 * it is written to. Thread-safe.
 */
final class WriteGaps {

  private final long[] lastAnswer;
  private final long[] worst;

  WriteGaps(int ranges) {
    lastAnswer = new long[ranges];
    worst = new long[ranges];
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
    worst[range] = Math.max(worst[range], now - since);
    lastAnswer[range] = now;
  }

  /** Whether every range has acknowledged a write that was answered after that moment. */
  synchronized boolean allAnsweredAfter(long moment) {
    return Arrays.stream(lastAnswer).allMatch(answer -> answer > moment);
  }

  /** The ranges without an answer since that moment. */
  synchronized long silentSince(long moment) {
    return Arrays.stream(lastAnswer).filter(answer -> answer <= moment).count();
  }

  /** The worst gap of any range since the last call, in milliseconds; begins anew. */
  synchronized long takeWorstMillis() {
    long nanos = Arrays.stream(worst).max().orElse(0);
    Arrays.fill(worst, 0);
    return nanos / 1_000_000;
  }
}
