package org.tallyring.topology.window;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** The buckets of a series, a point each. Pure functions. */
public final class SeriesPeriod {

  /** The most points that a series has. */
  public static final int MAX_POINTS = 10_000;

  private SeriesPeriod() {}

  /**
   * The buckets from the one that contains the start to the one that contains the last moment
   * before the end.
   *
   * @param step the kind of bucket
   * @param width how long the buckets are at the finest level
   * @throws IllegalArgumentException if a time lies outside of the years 1 to 9999, the end is not
   *     after the start, there would be more than {@value #MAX_POINTS} points, or all time is no
   *     step
   */
  public static Interval of(WindowLevel step, BucketWidth width, long startMillis, long endMillis) {
    if (step == WindowLevel.ALL) {
      throw new IllegalArgumentException(
          "step: all (expected: bucket, minute, hour, day or month)");
    }
    Moment.checked("start_time", startMillis);
    Moment.checked("end_time", endMillis);
    if (startMillis >= endMillis) {
      throw new IllegalArgumentException(
          "start_time: "
              + Instant.ofEpochMilli(startMillis)
              + " (expected: before end_time, "
              + Instant.ofEpochMilli(endMillis)
              + ")");
    }
    Interval period =
        new Interval(
            step, width, width.start(step, startMillis), width.endAtOrAfter(step, endMillis));
    int points = 0;
    for (long start = period.startMillis(); start < period.endMillis(); start = period.end(start)) {
      if (++points > MAX_POINTS) {
        throw new IllegalArgumentException(
            "start_time: "
                + Instant.ofEpochMilli(startMillis)
                + " (expected: at most "
                + MAX_POINTS
                + " "
                + plural(step, width)
                + " before end_time, "
                + Instant.ofEpochMilli(endMillis)
                + ")");
      }
    }
    return period;
  }

  /**
   * Where a period of a length starts: as for a span, it is measured back from the end of the last
   * bucket.
   */
  public static long start(WindowLevel step, BucketWidth width, Duration length, long endMillis) {
    return width.endAtOrAfter(step, endMillis) - length.toMillis();
  }

  /**
   * The part of a period that is kept.
   *
   * @throws NotKeptException if nothing of it is
   */
  public static Interval kept(Interval period, KeptBuckets kept) {
    long from = kept.from(period.level());
    if (from >= period.endMillis()) {
      throw new NotKeptException(
          "end_time: " + Instant.ofEpochMilli(period.endMillis()), period.level(), from);
    }
    return new Interval(
        period.level(), period.width(), Math.max(period.startMillis(), from), period.endMillis());
  }

  private static String plural(WindowLevel level, BucketWidth width) {
    return level == WindowLevel.MINUTE && !width.equals(BucketWidth.MINUTE)
        ? "buckets of " + width
        : level.name().toLowerCase(Locale.ROOT) + "s";
  }
}
