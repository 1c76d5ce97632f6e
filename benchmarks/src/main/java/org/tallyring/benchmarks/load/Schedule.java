package org.tallyring.benchmarks.load;

/**
 * When each call of an open loop is due: at a fixed rate, whatever became of the calls before.
 * Latency is measured from these times, so that a system which stalls is charged for every call
 * that should have been made meanwhile. Immutable.
 */
final class Schedule {

  private static final double NANOS = 1e9;

  private final double rate;
  private final long startNanos;

  /**
   * A schedule.
   *
   * @param rate calls a second; 0 makes each due at once, as fast as it takes
   * @param startNanos when the first is due
   */
  Schedule(double rate, long startNanos) {
    this.rate = rate;
    this.startNanos = startNanos;
  }

  /** One of so many equal parts of a load, shifted so that together they are due evenly. */
  static Schedule part(double wholeRate, long startNanos, int number, int of) {
    long shift = wholeRate == 0 ? 0 : (long) (number * NANOS / wholeRate);
    return new Schedule(wholeRate / of, startNanos + shift);
  }

  /** Whether calls have times of their own. */
  boolean isPaced() {
    return rate > 0;
  }

  /** When a call is due; the first is number 0. */
  long dueAt(long number) {
    return isPaced() ? startNanos + (long) (number * NANOS / rate) : startNanos;
  }

  /** How many calls are due by a time. */
  long dueBy(long nanos) {
    if (!isPaced()) {
      return Long.MAX_VALUE;
    }
    long number = (long) ((nanos - startNanos) * rate / NANOS);
    // Rounding may have the last one on the wrong side.
    while (number > 0 && dueAt(number - 1) > nanos) {
      number--;
    }
    while (dueAt(number) <= nanos) {
      number++;
    }
    return Math.max(0, number);
  }
}
