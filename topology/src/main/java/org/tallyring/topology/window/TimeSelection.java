package org.tallyring.topology.window;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/*
 * How a span is put together
 * --------------------------
 * A span of length D that ends at T is answered from whole buckets of one level. Its end is T, or the
 * end of the bucket that T lies in: what happened just now belongs to "the last hour". Its start is the
 * start of the bucket in which D before *that* end lies. So the interval is never shorter than D, and
 * longer by less than one bucket; it need not reach back to T - D. Taken from T instead, an hour of
 * minutes asked for at 10:30:20 would have 61 of them and the one asked for at 10:30:00 only 60: the
 * count of a steady key would swing by a sixtieth with the second at which it is asked for.
 *
 * The level is the finest whose bucket at the start is still kept; retention cuts off the past, so that
 * all later buckets of the level are kept too. When minutes are gone, a span of 3 days is answered from
 * hours, and so on. Months are the coarsest: all time has no edges.
 *
 * How long the finest buckets are belongs to the metric. One that keeps every hit's millisecond has
 * buckets of a millisecond, so that its spans are exactly as long as asked for, by the same rule.
 *
 * Ranges retire buckets by their own watermarks, so that the same span may be answerable from minutes in
 * one range and not in another. All ranges of one answer must rest on the same interval: whoever asks
 * takes the latest of what the ranges keep, see {@link KeptBuckets#and}.
 */

/**
 * What time a question is about, before a clock and what is kept decide which buckets that is: a
 * tumbling window of a kind, or a sliding span of a length. Immutable.
 */
public final class TimeSelection {

  /** The shortest span that any metric can have; each has at least one of its finest buckets. */
  public static final Duration MIN_SPAN = Duration.ofMillis(1);

  /** The longest span. */
  public static final Duration MAX_SPAN = Duration.ofDays(400);

  /** The rule for the length of a span, for messages. */
  public static final String SPAN_RULE = "1 ms to 400 days";

  /** How far a time may lie ahead: as far as events may. */
  static final Duration MAX_AHEAD = Duration.ofMinutes(5);

  private static final WindowLevel[] SPAN_LEVELS = {
    WindowLevel.MINUTE, WindowLevel.HOUR, WindowLevel.DAY, WindowLevel.MONTH
  };

  /** The kind of window; all time, unused, for a span. */
  private final WindowLevel level;

  /** The length of the span; 0 for a window. */
  private final long lengthMillis;

  private final Moment moment;

  private TimeSelection(WindowLevel level, long lengthMillis, Moment moment) {
    this.level = level;
    this.lengthMillis = lengthMillis;
    this.moment = moment;
  }

  /**
   * One window of a kind; of all time there is only one, whatever the moment.
   *
   * @throws IllegalArgumentException if buckets of the level are no windows
   */
  public static TimeSelection window(WindowLevel level, Moment moment) {
    if (!level.isWindow()) {
      throw new IllegalArgumentException(
          "window: " + name(level) + " (expected: hour, day, month or all)");
    }
    return new TimeSelection(level, 0, moment);
  }

  /**
   * A span that ends at a moment.
   *
   * @throws IllegalArgumentException if it is shorter than {@link #MIN_SPAN} or longer than {@link
   *     #MAX_SPAN}
   */
  public static TimeSelection span(Duration length, Moment moment) {
    if (!isSpan(length)) {
      throw new IllegalArgumentException("last: " + length + " (expected: " + SPAN_RULE + ")");
    }
    // Up to a whole millisecond: a span is never shorter than asked for.
    return new TimeSelection(WindowLevel.ALL, length.plusNanos(999_999).toMillis(), moment);
  }

  /** Whether a span can have a length. */
  public static boolean isSpan(Duration length) {
    return length.compareTo(MIN_SPAN) >= 0 && length.compareTo(MAX_SPAN) <= 0;
  }

  /**
   * The buckets meant at a moment.
   *
   * @param latenessMillis how long buckets wait for late events after their end
   * @param width how long the finest buckets of the metric are
   * @param kept what is kept everywhere, as far as it is known
   * @throws IllegalArgumentException if the time given lies ahead of {@code nowMillis} by more than
   *     {@link #MAX_AHEAD}, or the span is shorter than {@code width}
   * @throws NotKeptException if the window, or for a span the buckets of every level, are not kept
   */
  public Resolved resolve(
      long nowMillis, long latenessMillis, BucketWidth width, KeptBuckets kept) {
    return lengthMillis == 0
        ? window(nowMillis, latenessMillis, kept)
        : span(nowMillis, latenessMillis, width, kept);
  }

  private Resolved window(long nowMillis, long latenessMillis, KeptBuckets kept) {
    long start =
        switch (moment.kind()) {
          case CURRENT -> level.start(nowMillis);
          case SEALED ->
              level == WindowLevel.ALL ? 0 : level.latestFinal(nowMillis, latenessMillis);
          case TIME -> level.start(moment.timeMillis());
        };
    checkAhead(start, nowMillis);
    Interval interval = Interval.window(level, start);
    if (!kept.keeps(interval)) {
      throw new NotKeptException(
          "window: " + name(level) + " of " + Instant.ofEpochMilli(start), level, kept.from(level));
    }
    if (start == level.start(nowMillis)) {
      return new Resolved(interval, false, Resolved.State.OPEN);
    }
    return new Resolved(interval, false, stateOfEnd(interval, nowMillis, latenessMillis));
  }

  private Resolved span(long nowMillis, long latenessMillis, BucketWidth width, KeptBuckets kept) {
    if (lengthMillis < width.millis()) {
      throw new IllegalArgumentException(
          "last: "
              + Duration.ofMillis(lengthMillis)
              + " (expected: "
              + width
              + ", the metric's finest bucket, to 400 days)");
    }
    if (moment.kind() == Moment.Kind.TIME) {
      checkAhead(moment.timeMillis(), nowMillis);
    }
    for (WindowLevel bucket : SPAN_LEVELS) {
      long end =
          switch (moment.kind()) {
            case CURRENT -> width.endAtOrAfter(bucket, nowMillis);
            case SEALED -> width.start(bucket, nowMillis - latenessMillis);
            case TIME -> width.endAtOrAfter(bucket, moment.timeMillis());
          };
      Interval interval = new Interval(bucket, width, width.start(bucket, end - lengthMillis), end);
      if (kept.keeps(interval)) {
        return new Resolved(interval, true, stateOfEnd(interval, nowMillis, latenessMillis));
      }
    }
    WindowLevel coarsest = SPAN_LEVELS[SPAN_LEVELS.length - 1];
    throw new NotKeptException(
        "last: " + Duration.ofMillis(lengthMillis), coarsest, kept.from(coarsest));
  }

  private static void checkAhead(long timeMillis, long nowMillis) {
    if (timeMillis - nowMillis > MAX_AHEAD.toMillis()) {
      throw new IllegalArgumentException(
          "window.time: "
              + Instant.ofEpochMilli(timeMillis)
              + " (expected: at most 5 minutes in the future)");
    }
  }

  private static Resolved.State stateOfEnd(Interval interval, long nowMillis, long latenessMillis) {
    return interval.endMillis() + latenessMillis <= nowMillis
        ? Resolved.State.FINAL
        : Resolved.State.CHANGING;
  }

  private static String name(WindowLevel level) {
    return level.name().toLowerCase(Locale.ROOT);
  }
}
