package org.tallyring.topology.window;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * From when on buckets are kept, level by level: a bucket is kept if it starts at that time or
 * later. Immutable.
 *
 * <p>A level's time only ever rises, so that what was once learned of a namespace stays a valid
 * lower bound.
 */
public final class KeptBuckets {

  /** No bucket of any level was retired yet. */
  public static final KeptBuckets EVERYTHING = new KeptBuckets(everything());

  private final long[] fromMillis;

  private KeptBuckets(long[] fromMillis) {
    this.fromMillis = fromMillis;
  }

  private static long[] everything() {
    long[] from = new long[WindowLevel.values().length];
    Arrays.fill(from, Long.MIN_VALUE);
    return from;
  }

  /** The start of the oldest bucket of a level that is kept; the least number if all are. */
  public long from(WindowLevel level) {
    return fromMillis[level.ordinal()];
  }

  /** This, and of one level nothing that starts before {@code millis}. */
  public KeptBuckets butOf(WindowLevel level, long millis) {
    if (millis <= from(level)) {
      return this;
    }
    long[] later = fromMillis.clone();
    later[level.ordinal()] = millis;
    return new KeptBuckets(later);
  }

  /** What is kept both here and there. */
  public KeptBuckets and(KeptBuckets other) {
    KeptBuckets both = this;
    for (WindowLevel level : WindowLevel.values()) {
      both = both.butOf(level, other.from(level));
    }
    return both;
  }

  /** Whether all buckets of an interval are kept. */
  public boolean keeps(Interval interval) {
    return interval.startMillis() >= from(interval.level());
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof KeptBuckets that && Arrays.equals(fromMillis, that.fromMillis);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(fromMillis);
  }

  @Override
  public String toString() {
    return "kept from " + Arrays.toString(fromMillis);
  }
}
