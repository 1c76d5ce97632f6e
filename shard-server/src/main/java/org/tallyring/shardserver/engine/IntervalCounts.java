package org.tallyring.shardserver.engine;

import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.Interval;

/**
 * The counts of one metric in one interval, as rankings read them: all counts one by one, or the
 * count of a slot, as the metric's strategy has them. This is the only door from rankings to
 * buckets and hits. For one question: the counts change with the next batch.
 */
final class IntervalCounts {

  private static final RankedView.State NEVER_COUNTED = new RankedView.State(0, 0, 0);
  private static final IntervalCounts NOTHING =
      new IntervalCounts(List.of(), 0, CountQuality.EXACT, NEVER_COUNTED);

  private final List<SlotCounts> parts;
  private final long revision;
  private final CountQuality quality;
  private final RankedView.State state;

  private IntervalCounts(
      List<SlotCounts> parts, long revision, CountQuality quality, RankedView.State state) {
    this.parts = parts;
    this.revision = revision;
    this.quality = quality;
    this.state = state;
  }

  /** The counts as they are; a look-up of a slot looks into every bucket. */
  static IntervalCounts of(NamespaceCounts namespace, String metric, Interval interval) {
    MetricCounts counts = namespace.metric(metric);
    return counts == null
        ? NOTHING
        : new IntervalCounts(
            counts.parts(interval),
            counts.revision(interval),
            counts.quality(interval),
            state(counts, interval));
  }

  /**
   * The counts of an interval's buckets added up one by one: a user counts once in each of them.
   * For all strategies but that of users it is the same.
   */
  static IntervalCounts byBucket(NamespaceCounts namespace, String metric, Interval interval) {
    MetricCounts counts = namespace.metric(metric);
    IntervalCounts together = of(namespace, metric, interval);
    return counts == null || !counts.countsUsers()
        ? together
        : new IntervalCounts(
            counts.buckets().within(interval).stream().map(BucketCounts::counts).toList(),
            together.revision,
            together.quality,
            together.state);
  }

  /**
   * What tells this state of the interval, the quality of its counts included, from every other of
   * this process: batches are numbered without repeats, so the highest number that added here grows
   * with every change, and buckets that are dropped change their number.
   */
  static RankedView.State state(@Nullable MetricCounts counts, Interval interval) {
    if (counts == null) {
      return NEVER_COUNTED;
    }
    Collection<BucketCounts> buckets = counts.changing(interval);
    long lastBatch = 0;
    for (BucketCounts bucket : buckets) {
      lastBatch = Math.max(lastBatch, bucket.lastBatch());
    }
    return new RankedView.State(buckets.size(), lastBatch, counts.swaps());
  }

  /**
   * The same counts, added up once so that every look-up of a slot is one and needs no decoding and
   * no estimate.
   */
  IntervalCounts folded() {
    if (parts.isEmpty() || (parts.size() == 1 && isQuick(parts.get(0)))) {
      return this;
    }
    CountSum sum = new CountSum();
    parts.forEach(part -> part.addTo(sum, 1));
    return new IntervalCounts(List.of(sum), revision, quality, state);
  }

  private static boolean isQuick(SlotCounts part) {
    return !(part instanceof SealedCounts
        || part instanceof DistinctCounts
        || part instanceof UnitedUsers);
  }

  /** What a look-up of a slot costs, see {@link SlotCounts#cost}. */
  int cost() {
    return parts.stream().allMatch(part -> part.cost() == SlotCounts.PLAIN)
        ? SlotCounts.PLAIN
        : parts.stream().mapToInt(SlotCounts::cost).sum();
  }

  /**
   * These counts.
   *
   * @throws KeysNotHeldException if there are keys whose counts are not known
   */
  IntervalCounts ofEveryKey() {
    for (SlotCounts part : parts) {
      if (part instanceof FrequentCounts frequent) {
        throw frequent.keysNotHeld();
      }
    }
    return this;
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

  /** How good the counts are. */
  CountQuality quality() {
    return quality;
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
