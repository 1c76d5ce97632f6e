package org.tallyring.topology.window;

/**
 * How long the finest buckets of a metric are, and with that the borders of all its buckets: those
 * of {@link WindowLevel#MINUTE}, the finest level, are cut by the width, those of the others by the
 * calendar. A width divides an hour, so that finest buckets lie within hours.
 *
 * @param millis the length in milliseconds
 */
public record BucketWidth(long millis) {

  private static final long SECOND_MILLIS = 1_000;
  private static final long MINUTE_MILLIS = 60 * SECOND_MILLIS;
  private static final long HOUR_MILLIS = 60 * MINUTE_MILLIS;

  /** Minutes, unless a metric says otherwise. */
  public static final BucketWidth MINUTE = new BucketWidth(MINUTE_MILLIS);

  /** Milliseconds: every hit's own moment, where a metric keeps them. */
  public static final BucketWidth MILLISECOND = new BucketWidth(1);

  /** The rule for the buckets that a metric can choose, for messages. */
  public static final String RULE =
      "1, 2, 3, 4, 5, 6, 10, 12, 15, 20 or 30 seconds or minutes, or an hour, in milliseconds";

  /**
   * Checks the length.
   *
   * @throws IllegalArgumentException if it does not divide an hour
   */
  public BucketWidth {
    if (millis < 1 || millis > HOUR_MILLIS || HOUR_MILLIS % millis != 0) {
      throw new IllegalArgumentException(
          "bucket: " + millis + " ms (expected: what divides an hour)");
    }
  }

  /** Whether a metric can choose buckets of this length: {@link #RULE}. */
  public static boolean isChoice(long millis) {
    return isPart(millis, SECOND_MILLIS) || isPart(millis, MINUTE_MILLIS) || millis == HOUR_MILLIS;
  }

  /** Whether it is so many units that 60 are a multiple of it. */
  private static boolean isPart(long millis, long unit) {
    long units = millis / unit;
    return millis % unit == 0 && units >= 1 && units < 60 && 60 % units == 0;
  }

  /** The start of the bucket of a level that contains a time. */
  public long start(WindowLevel level, long timeMillis) {
    return level == WindowLevel.MINUTE
        ? Math.floorDiv(timeMillis, millis) * millis
        : level.start(timeMillis);
  }

  /** The end, exclusive, of the bucket of a level that starts at {@code startMillis}. */
  public long end(WindowLevel level, long startMillis) {
    return level == WindowLevel.MINUTE ? startMillis + millis : level.end(startMillis);
  }

  /** The first edge between two buckets of a level at a time or after it. */
  public long endAtOrAfter(WindowLevel level, long timeMillis) {
    long start = start(level, timeMillis);
    return start == timeMillis ? timeMillis : end(level, start);
  }

  /** Whether buckets of another width are put together of whole buckets of this one. */
  public boolean divides(BucketWidth other) {
    return other.millis % millis == 0;
  }

  /** The least width that both divide. */
  public BucketWidth common(BucketWidth other) {
    long longer = Math.max(millis, other.millis);
    long shorter = Math.min(millis, other.millis);
    long multiple = longer;
    while (multiple % shorter != 0) {
      multiple += longer;
    }
    return new BucketWidth(multiple);
  }

  /** For people: {@code 10s}, {@code 15m}. */
  @Override
  public String toString() {
    if (millis % SECOND_MILLIS != 0) {
      return millis + "ms";
    }
    if (millis % MINUTE_MILLIS != 0) {
      return millis / SECOND_MILLIS + "s";
    }
    return millis == HOUR_MILLIS ? "1h" : millis / MINUTE_MILLIS + "m";
  }
}
