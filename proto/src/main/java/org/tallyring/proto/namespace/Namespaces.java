package org.tallyring.proto.namespace;

import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.Retention;
import org.tallyring.topology.window.BucketWidth;

/**
 * What a namespace's definition means where it leaves something unsaid; the one place for shards,
 * aggregators and the command. Pure functions of the definition. Times are in milliseconds.
 */
public final class Namespaces {

  /** The namespace that always exists. */
  public static final String DEFAULT = "default";

  private static final long HOUR_MILLIS = 3_600_000L;
  private static final long DAY_MILLIS = 24 * HOUR_MILLIS;
  private static final long LATENESS_MILLIS = 60_000;
  private static final long EVENT_ID_HORIZON_MILLIS = HOUR_MILLIS;

  // Two hours more than a day of minutes, so that "the last 24 hours" to the minute stays
  // answerable while events come late; likewise months of hours and a year of days.
  private static final long MINUTE_RETENTION_MILLIS = 26 * HOUR_MILLIS;
  private static final long HOUR_RETENTION_MILLIS = 40 * DAY_MILLIS;
  private static final long DAY_RETENTION_MILLIS = 400 * DAY_MILLIS;

  private Namespaces() {}

  /** How long after its end a window of the namespace waits for late events. */
  public static long latenessMillis(NamespaceDefinition namespace) {
    return namespace.hasLatenessMillis() ? namespace.getLatenessMillis() : LATENESS_MILLIS;
  }

  /** For how long an event id is known, in journal time. */
  public static long eventIdHorizonMillis(NamespaceDefinition namespace) {
    return namespace.hasEventIdHorizonMillis()
        ? namespace.getEventIdHorizonMillis()
        : EVENT_ID_HORIZON_MILLIS;
  }

  /**
   * How long the finest buckets of a metric are: what the shortest span of it is, and spans are put
   * together of while they are kept. A sliding window keeps each hit's own millisecond.
   *
   * @throws IllegalArgumentException if the definition was never accepted
   */
  public static BucketWidth bucketWidth(MetricDefinition metric) {
    return switch (metric.getStrategyCase()) {
      case FIXED_WINDOW ->
          metric.getFixedWindow().hasBucketMillis()
              ? new BucketWidth(metric.getFixedWindow().getBucketMillis())
              : BucketWidth.MINUTE;
      case SLIDING_WINDOW -> BucketWidth.MILLISECOND;
      case MORRIS, HEAVY_HITTERS, DISTINCT, STRATEGY_NOT_SET -> BucketWidth.MINUTE;
    };
  }

  /** How long the finest buckets are kept. */
  public static long minuteRetentionMillis(NamespaceDefinition namespace) {
    Retention retention = namespace.getRetention();
    return retention.hasMinuteMillis() ? retention.getMinuteMillis() : MINUTE_RETENTION_MILLIS;
  }

  /** How long hours are kept. */
  public static long hourRetentionMillis(NamespaceDefinition namespace) {
    Retention retention = namespace.getRetention();
    return retention.hasHourMillis() ? retention.getHourMillis() : HOUR_RETENTION_MILLIS;
  }

  /** How long days are kept. */
  public static long dayRetentionMillis(NamespaceDefinition namespace) {
    Retention retention = namespace.getRetention();
    return retention.hasDayMillis() ? retention.getDayMillis() : DAY_RETENTION_MILLIS;
  }
}
