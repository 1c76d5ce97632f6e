package org.tallyring.topology.window;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/**
 * The kinds of bucket, finest first, with their borders in UTC. All but the finest are windows that
 * users ask for; the finest are what spans and series are put together of.
 *
 * <p>Times are milliseconds since 1970-01-01T00:00:00Z and windows are half-open, {@code [start,
 * end)}. The borders live here, once, for the same reason as the key hash: two parties that cut
 * time differently would disagree about counts in silence.
 */
public enum WindowLevel {
  /**
   * The finest: a minute of the UTC clock, which is what the methods here take it for. A metric may
   * have finest buckets of another length, see {@link BucketWidth}.
   */
  MINUTE,
  /** An hour of the UTC clock. */
  HOUR,
  /** A UTC day. */
  DAY,
  /** A UTC calendar month. */
  MONTH,
  /** Everything ever counted: starts at 0 by convention and never ends. */
  ALL;

  private static final long MINUTE_MILLIS = 60_000L;
  private static final long HOUR_MILLIS = 60 * MINUTE_MILLIS;
  private static final long DAY_MILLIS = 24 * HOUR_MILLIS;

  /** The earliest event time that can be counted: the start of year 1. */
  public static final long MIN_TIME_MILLIS = -62_135_596_800_000L;

  /** The first event time that is too late to be counted: the start of year 10,000. */
  public static final long MAX_TIME_MILLIS = 253_402_300_800_000L;

  /** The start of the window that contains {@code timeMillis}; 0 for {@link #ALL}. */
  public long start(long timeMillis) {
    return switch (this) {
      case MINUTE -> Math.floorDiv(timeMillis, MINUTE_MILLIS) * MINUTE_MILLIS;
      case HOUR -> Math.floorDiv(timeMillis, HOUR_MILLIS) * HOUR_MILLIS;
      case DAY -> Math.floorDiv(timeMillis, DAY_MILLIS) * DAY_MILLIS;
      case MONTH -> monthStart(timeMillis, 0);
      case ALL -> 0;
    };
  }

  /** The end, exclusive, of the window that starts at {@code startMillis}. */
  public long end(long startMillis) {
    return switch (this) {
      case MINUTE -> startMillis + MINUTE_MILLIS;
      case HOUR -> startMillis + HOUR_MILLIS;
      case DAY -> startMillis + DAY_MILLIS;
      case MONTH -> monthStart(startMillis, 1);
      case ALL -> Long.MAX_VALUE;
    };
  }

  /** The first edge between two windows at {@code timeMillis} or after it. */
  public long endAtOrAfter(long timeMillis) {
    long start = start(timeMillis);
    return start == timeMillis ? timeMillis : end(start);
  }

  /** Whether users ask for it as a tumbling window. */
  public boolean isWindow() {
    return this != MINUTE;
  }

  /** The start of the window before the one that starts at {@code startMillis}. */
  public long previous(long startMillis) {
    return this == ALL ? 0 : start(startMillis - 1);
  }

  /**
   * The start of the latest window that is final at {@code nowMillis}: the latest whose end lies at
   * least {@code latenessMillis} back. 0 for {@link #ALL}, which is never final.
   */
  public long latestFinal(long nowMillis, long latenessMillis) {
    return previous(start(nowMillis - latenessMillis));
  }

  /** Whether the window that starts at {@code startMillis} is final at {@code nowMillis}. */
  public boolean isFinal(long startMillis, long nowMillis, long latenessMillis) {
    return this != ALL && end(startMillis) + latenessMillis <= nowMillis;
  }

  private static long monthStart(long timeMillis, int monthsLater) {
    return Instant.ofEpochMilli(timeMillis)
        .atZone(ZoneOffset.UTC)
        .toLocalDate()
        .withDayOfMonth(1)
        .plus(monthsLater, ChronoUnit.MONTHS)
        .atStartOfDay(ZoneOffset.UTC)
        .toInstant()
        .toEpochMilli();
  }
}
