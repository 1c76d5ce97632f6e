package org.tallyring.shardserver.engine;

import java.util.List;
import java.util.stream.IntStream;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * The counts of one metric in one window, and how often late batches corrected them.
 *
 * <p>Counts begin as a small table and turn into pages when these take less memory: in a busy
 * window most slots have a count, in a quiet one few. The form never shows: it depends on the order
 * of arrival, and a restored bucket may have the other one.
 */
final class BucketCounts {

  private final WindowLevel level;
  private final long startMillis;
  private SlotCounts counts = new SparseCounts(SparseCounts.MIN_CAPACITY);
  private long revision;
  private long lastBatch;

  /** An empty bucket. */
  BucketCounts(WindowLevel level, long startMillis) {
    this.level = level;
    this.startMillis = startMillis;
  }

  /** The buckets of an interval added up. The sum is for one question: nothing is added to it. */
  static BucketCounts sum(Interval interval, List<BucketCounts> buckets) {
    if (buckets.size() == 1) {
      return buckets.get(0);
    }
    BucketCounts sum = new BucketCounts(interval.level(), interval.startMillis());
    int[] slotOf = new int[1];
    long[] countOf = new long[1];
    for (BucketCounts bucket : buckets) {
      sum.revision += bucket.revision;
      bucket.counts.forEach(
          Long.MIN_VALUE,
          (slot, count) -> {
            slotOf[0] = slot;
            countOf[0] = count;
            sum.add(slotOf, countOf, 0, 1);
          });
    }
    return sum;
  }

  WindowLevel level() {
    return level;
  }

  long startMillis() {
    return startMillis;
  }

  /** How many batches came after the window was final. */
  long revision() {
    return revision;
  }

  /** Sets what a snapshot says. */
  void restoreRevision(long restored) {
    revision = restored;
  }

  /**
   * The number of the last batch that added here, 0 for none since the start of the process: as
   * long as it stays the same, so do the counts.
   */
  long lastBatch() {
    return lastBatch;
  }

  /**
   * Notes that a batch adds here.
   *
   * @param batch the number of the batch in this process, rising from 1
   * @return whether this is the first row of the batch here and the window was final when the batch
   *     was accepted; then the revision has been raised
   */
  boolean touch(long batch, long acceptedAtMillis, long latenessMillis) {
    if (lastBatch == batch) {
      return false;
    }
    lastBatch = batch;
    if (!level.isFinal(startMillis, acceptedAtMillis, latenessMillis)) {
      return false;
    }
    revision++;
    return true;
  }

  /** Adds {@code deltas[i]} to {@code slots[i]} for each {@code i} in {@code [from, to)}. */
  void add(int[] slots, long[] deltas, int from, int to) {
    int next = counts.add(slots, deltas, from, to);
    while (next < to) {
      counts = larger((SparseCounts) counts);
      next = counts.add(slots, deltas, next, to);
    }
  }

  /** The count of a slot, 0 if it has none. */
  long get(int slot) {
    return counts.get(slot);
  }

  /** See {@link SlotCounts#forEach}. */
  int forEach(long lowest, SlotCounts.Consumer consumer) {
    return counts.forEach(lowest, consumer);
  }

  /** The slots whose count is not 0, rising. */
  int[] sortedSlots() {
    IntStream.Builder slots = IntStream.builder();
    counts.forEach(Long.MIN_VALUE, (slot, count) -> slots.add(slot));
    return slots.build().sorted().toArray();
  }

  private static SlotCounts larger(SparseCounts full) {
    int capacity = Math.multiplyExact(full.capacity(), 2);
    if (PagedCounts.bytesFor(full.highestSlot()) <= (long) capacity * SparseCounts.ENTRY_BYTES) {
      PagedCounts pages = new PagedCounts();
      full.forEach(Long.MIN_VALUE, pages::put);
      return pages;
    }
    SparseCounts table = new SparseCounts(capacity);
    full.forEach(Long.MIN_VALUE, table::put);
    return table;
  }
}
