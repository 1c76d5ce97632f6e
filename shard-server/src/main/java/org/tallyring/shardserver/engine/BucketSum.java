package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/*
 * A span from as few buckets as possible
 * --------------------------------------
 * The last 24 hours by the minute are 1,440 minutes; or, since every increment was counted in the
 * buckets of all levels, 23 hours and the 60 minutes at the edges. And since counts are sums, a part
 * can as well be taken off what is too much. At half past ten the last 24 hours are
 *
 *     today + yesterday - yesterday's ten hours up to 10:00 - the thirty minutes up to 10:30.
 *
 * At each edge and level it takes whichever is less: what lies inside, added to the coarser buckets
 * that are whole, or what lies outside, taken off one coarser bucket more. The end of a span is mostly
 * now, and outside of it there is nothing to take off. So a day takes 2 days, 12 hours and 30 minutes at
 * most instead of 23 hours and 60 minutes, and half of that on average.
 *
 * It holds to the increment as long as all the buckets are kept and have exact counts: sums of 64 bits
 * may wrap on the way, and wrap back.
 */

/** The counts of an interval as a sum and difference of buckets. */
final class BucketSum {

  private final MetricBuckets buckets;
  private final List<SlotCounts> parts = new ArrayList<>();
  private boolean exact = true;

  private BucketSum(MetricBuckets buckets) {
    this.buckets = buckets;
  }

  /** The parts whose sum is the interval's counts, or null if some are not exact. */
  static @Nullable List<SlotCounts> of(MetricBuckets buckets, Interval interval) {
    BucketSum sum = new BucketSum(buckets);
    sum.cover(interval.level(), interval.startMillis(), interval.endMillis());
    return sum.exact ? sum.parts : null;
  }

  private void cover(WindowLevel level, long start, long end) {
    if (level.compareTo(WindowLevel.MONTH) < 0) {
      WindowLevel coarser = WindowLevel.values()[level.ordinal() + 1];
      long first = firstEdge(level, coarser, start, end);
      long last = lastEdge(level, coarser, start, end);
      int fewer = size(level, start, first) + size(coarser, first, last) + size(level, last, end);
      if (first < last && fewer < size(level, start, end)) {
        add(level, start, first);
        cover(coarser, first, last);
        add(level, last, end);
        return;
      }
    }
    add(level, start, end);
  }

  /** Where the coarser buckets begin: after the start, or before it if less lies there. */
  private long firstEdge(WindowLevel level, WindowLevel coarser, long start, long end) {
    long after = coarser.endAtOrAfter(Math.max(start, buckets.edge(coarser)));
    long before = coarser.start(start);
    boolean kept = before >= buckets.edge(coarser) && before >= buckets.edge(level);
    return kept
            && size(level, before, start)
                < size(level, start, Math.max(start, Math.min(after, end)))
        ? before
        : after;
  }

  /** Where they end: before the end, or after it if less lies there. */
  private long lastEdge(WindowLevel level, WindowLevel coarser, long start, long end) {
    long before = coarser.start(end);
    long after = coarser.endAtOrAfter(end);
    return size(level, end, after) < size(level, Math.max(before, start), end) ? after : before;
  }

  /** How many buckets there are between two times, whichever is first. */
  private int size(WindowLevel level, long one, long other) {
    return buckets.between(level, Math.min(one, other), Math.max(one, other)).size();
  }

  /** Adds what is between two times; takes it off if they are the other way round. */
  private void add(WindowLevel level, long start, long end) {
    if (start < end) {
      addAll(buckets.between(level, start, end), false);
    } else if (end < start) {
      addAll(buckets.between(level, end, start), true);
    }
  }

  private void addAll(Collection<BucketCounts> some, boolean negated) {
    for (BucketCounts bucket : some) {
      exact &= bucket.quality().equals(CountQuality.EXACT);
      parts.add(negated ? new NegatedCounts(bucket.counts()) : bucket.counts());
    }
  }
}
