package org.tallyring.shardserver.engine;

import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.Interval;

/**
 * The counts of one metric in one interval, as rankings read them: all counts one by one, or the
 * count of a slot. This is the only door from rankings to buckets. For one question: the counts
 * change with the next batch.
 */
final class IntervalCounts {

  private final List<SlotCounts> parts;
  private final long revision;
  private final RankedView.State state;

  private IntervalCounts(List<SlotCounts> parts, long revision, RankedView.State state) {
    this.parts = parts;
    this.revision = revision;
    this.state = state;
  }

  /** The counts as they are; a look-up of a slot looks into every bucket. */
  static IntervalCounts of(NamespaceCounts namespace, String metric, Interval interval) {
    MetricCounts counts = namespace.metric(metric);
    List<SlotCounts> parts =
        counts == null
            ? List.of()
            : counts.buckets().covering(interval).stream().map(BucketCounts::counts).toList();
    return new IntervalCounts(
        parts, counts == null ? 0 : counts.revision(interval), state(counts, interval));
  }

  /**
   * What tells this state of the interval from every other of this process: batches are numbered
   * without repeats, so the highest number that added here grows with every change, and buckets
   * that are dropped change their number.
   */
  static RankedView.State state(@Nullable MetricCounts counts, Interval interval) {
    Collection<BucketCounts> buckets =
        counts == null ? List.of() : counts.buckets().within(interval);
    long lastBatch = 0;
    for (BucketCounts bucket : buckets) {
      lastBatch = Math.max(lastBatch, bucket.lastBatch());
    }
    return new RankedView.State(buckets.size(), lastBatch);
  }

  /**
   * The same counts, added up once so that every look-up of a slot is one and needs no decoding.
   */
  IntervalCounts folded() {
    if (parts.isEmpty() || (parts.size() == 1 && !(parts.get(0) instanceof SealedCounts))) {
      return this;
    }
    CountSum sum = new CountSum();
    parts.forEach(part -> part.addTo(sum));
    return new IntervalCounts(List.of(sum), revision, state);
  }

  /** The count of a slot, 0 if it has none. */
  long get(int slot) {
    long sum = 0;
    for (SlotCounts part : parts) {
      sum += part.get(slot);
    }
    return sum;
  }

  /** Gives every count that is not 0, in any order. */
  void forEach(SlotCounts.Consumer consumer) {
    for (SlotCounts part : parts.size() > 1 ? folded().parts : parts) {
      part.forEach(Long.MIN_VALUE, consumer);
    }
  }

  /** How many batches corrected the interval after it was final. */
  long revision() {
    return revision;
  }

  /** The state of the counts. */
  RankedView.State state() {
    return state;
  }
}
