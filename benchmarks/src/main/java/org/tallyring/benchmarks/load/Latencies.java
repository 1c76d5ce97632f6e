package org.tallyring.benchmarks.load;

import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Times from when something was due to when it was done. Thread-safe. */
public final class Latencies {

  private static final int DIGITS = 3;
  private static final double NANOS_PER_MILLI = 1e6;

  private final Histogram histogram = new ConcurrentHistogram(DIGITS);
  private volatile @Nullable Window window;

  Latencies() {}

  /**
   * Nothing is kept before this, and then only what was due or done in the part that is measured.
   * Both, since under more load than is taken nothing that is due in that part is done in it.
   */
  void measure(Window measured) {
    window = measured;
  }

  /** Something is done, both by the load's clock. */
  public void record(long dueNanos, long doneNanos) {
    Window measured = window;
    if (measured != null && (measured.measures(dueNanos) || measured.measures(doneNanos))) {
      histogram.recordValue(Math.max(0, doneNanos - dueNanos));
    }
  }

  long count() {
    return histogram.getTotalCount();
  }

  /** A percentile in milliseconds; null if there is nothing. */
  @Nullable Double millis(double percentile) {
    return count() == 0 ? null : histogram.getValueAtPercentile(percentile) / NANOS_PER_MILLI;
  }
}
