package org.tallyring.topology.window;

/**
 * Whole buckets of one level: what every question about counts is answered from. A tumbling window
 * is an interval of one bucket, a sliding span one of several.
 *
 * @param level the kind of bucket
 * @param width how long the buckets are at the finest level; always {@link BucketWidth#MINUTE} at
 *     the others, where it plays no part
 * @param startMillis the start of the first, in milliseconds since 1970-01-01T00:00:00Z; 0 for
 *     {@link WindowLevel#ALL}
 * @param endMillis the end, exclusive, of the last; {@link Long#MAX_VALUE} for {@link
 *     WindowLevel#ALL}
 */
public record Interval(WindowLevel level, BucketWidth width, long startMillis, long endMillis) {

  /**
   * Checks that the edges are edges of buckets.
   *
   * @throws IllegalArgumentException if they are not, or there is no bucket between them
   */
  public Interval {
    width = level == WindowLevel.MINUTE ? width : BucketWidth.MINUTE;
    boolean whole =
        width.start(level, startMillis) == startMillis
            && endMillis > startMillis
            && (level == WindowLevel.ALL
                ? endMillis == Long.MAX_VALUE
                : width.start(level, endMillis) == endMillis);
    if (!whole) {
      throw new IllegalArgumentException(
          "interval: ["
              + startMillis
              + ", "
              + endMillis
              + ") (expected: at least one whole "
              + (level == WindowLevel.MINUTE ? "bucket of " + width : level)
              + ")");
    }
  }

  /** Buckets of a level, minutes at the finest. */
  public Interval(WindowLevel level, long startMillis, long endMillis) {
    this(level, BucketWidth.MINUTE, startMillis, endMillis);
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
    return Math.toIntExact((endMillis - startMillis) / (end(startMillis) - startMillis));
  }

  /** Whether it is one bucket, so that nothing has to be added up. */
  public boolean isWindow() {
    return end(startMillis) == endMillis;
  }

  /** The end, exclusive, of the bucket that starts at {@code bucketStartMillis}. */
  public long end(long bucketStartMillis) {
    return width.end(level, bucketStartMillis);
  }

  /** One of the buckets. */
  public Interval bucket(long bucketStartMillis) {
    return new Interval(level, width, bucketStartMillis, end(bucketStartMillis));
  }
}
