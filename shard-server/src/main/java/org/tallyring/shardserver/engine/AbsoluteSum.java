package org.tallyring.shardserver.engine;

/**
 * Sums of absolute values that stop at the largest number. No count of a range can be farther from
 * zero than the sum over all its deltas, so one number per range shows that nothing can overflow.
 */
final class AbsoluteSum {

  private AbsoluteSum() {}

  /** The sum of two such sums. */
  static long add(long sum, long other) {
    long total = sum + other;
    return total < 0 ? Long.MAX_VALUE : total;
  }

  /** The absolute value of a delta; the largest number for the one that has none. */
  static long of(long delta) {
    return delta == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(delta);
  }
}
