package org.tallyring.topology.window;

/**
 * Whole buckets of one level: what every question about counts is answered from. A tumbling window
 * is an interval of one bucket, a sliding span one of several.
 *
 * @param level the kind of bucket
 * @param startMillis the start of the first, in milliseconds since 1970-01-01T00:00:00Z; 0 for
 *     {@link WindowLevel#ALL}
 * @param endMillis the end, exclusive, of the last; {@link Long#MAX_VALUE} for {@link
 *     WindowLevel#ALL}
 */
public record Interval(WindowLevel level, long startMillis, long endMillis) {

  /**
   * Checks that the edges are edges of buckets.
   *
   * @throws IllegalArgumentException if they are not, or there is no bucket between them
   */
  public Interval {
    boolean whole =
        level.start(startMillis) == startMillis
            && endMillis > startMillis
            && (level == WindowLevel.ALL
                ? endMillis == Long.MAX_VALUE
                : level.start(endMillis) == endMillis);
    if (!whole) {
      throw new IllegalArgumentException(
          "interval: ["
              + startMillis
              + ", "
              + endMillis
              + ") (expected: at least one whole "
              + level
              + ")");
    }
  }

  /** The one bucket that starts at {@code startMillis}. */
  public static Interval window(WindowLevel level, long startMillis) {
    return new Interval(level, startMillis, level.end(startMillis));
  }

  /**
   * How many buckets there are.
   *
   * @throws ArithmeticException if there are 2^31 or more
   */
  public int size() {
    if (level == WindowLevel.ALL) {
      return 1;
    }
    if (level == WindowLevel.MONTH) {
      int months = 0;
      for (long month = startMillis; month < endMillis; month = level.end(month)) {
        months++;
      }
      return months;
    }
    return Math.toIntExact((endMillis - startMillis) / (level.end(startMillis) - startMillis));
  }

  /** Whether it is one bucket, so that nothing has to be added up. */
  public boolean isWindow() {
    return level.end(startMillis) == endMillis;
  }
}
