package org.tallyring.benchmarks.load;

/**
 * The time that a load runs and the part of it that is measured, by the nanoseconds of its clock.
 *
 * @param startNanos when it begins
 * @param fromNanos from when on it is measured; before that it warms up
 * @param untilNanos when it ends, exclusive
 */
record Window(long startNanos, long fromNanos, long untilNanos) {

  /** Whether a moment is in the part that is measured. */
  boolean measures(long nanos) {
    return nanos - fromNanos >= 0 && nanos - untilNanos < 0;
  }

  boolean isOver(long nanos) {
    return nanos - untilNanos >= 0;
  }
}
