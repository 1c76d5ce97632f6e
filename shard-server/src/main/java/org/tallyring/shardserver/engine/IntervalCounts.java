package org.tallyring.shardserver.engine;

import java.util.List;
import org.tallyring.topology.window.Interval;

/**
 * The counts of one metric in one interval, as rankings read them: all counts one by one, or the
 * count of a slot. This is the only door from rankings to buckets. For one question: the counts
 * change with the next batch.
 */
final class IntervalCounts {

  private final Interval interval;
  private final List<BucketCounts> buckets;

  private IntervalCounts(Interval interval, List<BucketCounts> buckets) {
    this.interval = interval;
    this.buckets = buckets;
  }

  /** The counts as they are; a look-up of a slot looks into every bucket. */
  static IntervalCounts of(NamespaceCounts namespace, String metric, Interval interval) {
    MetricCounts counts = namespace.metric(metric);
    return new IntervalCounts(interval, counts == null ? List.of() : counts.buckets(interval));
  }

  /** The same counts, added up once so that every look-up of a slot is one. */
  IntervalCounts folded() {
    return buckets.size() < 2
        ? this
        : new IntervalCounts(interval, List.of(BucketCounts.sum(interval, buckets)));
  }

  /** The count of a slot, 0 if it has none. */
  long get(int slot) {
    long sum = 0;
    for (BucketCounts bucket : buckets) {
      sum += bucket.get(slot);
    }
    return sum;
  }

  /** Gives every count that is not 0, in any order. */
  void forEach(SlotCounts.Consumer consumer) {
    for (BucketCounts bucket : folded().buckets) {
      bucket.forEach(Long.MIN_VALUE, consumer);
    }
  }

  /** How many batches corrected the interval after it was final. */
  long revision() {
    return buckets.stream().mapToLong(BucketCounts::revision).sum();
  }

  /**
   * What tells this state of the interval from every other of this process: batches are numbered
   * without repeats, so the highest number that added here grows with every change, and buckets
   * that are dropped change their number.
   */
  RankedView.State state() {
    return new RankedView.State(
        buckets.size(), buckets.stream().mapToLong(BucketCounts::lastBatch).max().orElse(0));
  }
}
