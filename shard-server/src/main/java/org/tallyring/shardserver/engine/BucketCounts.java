package org.tallyring.shardserver.engine;

import org.tallyring.topology.window.WindowLevel;

/**
 * The counts of one metric in one window, and how often late batches corrected them.
 *
 * <p>Counts begin as a small table and turn into pages when these take less memory: in a busy
 * window most slots have a count, in a quiet one few. In the end they are sealed, until somebody
 * adds again. The form never shows: it depends on the order of arrival, and a restored bucket may
 * have another one.
 */
final class BucketCounts {

  private final WindowLevel level;
  private final long startMillis;
  private final long endMillis;
  private SlotCounts counts = new SparseCounts(SparseCounts.MIN_CAPACITY);
  private long revision;
  private long lastBatch;

  /** An empty bucket. */
  BucketCounts(WindowLevel level, long startMillis) {
    this.level = level;
    this.startMillis = startMillis;
    this.endMillis = level.end(startMillis);
  }

  WindowLevel level() {
    return level;
  }

  long startMillis() {
    return startMillis;
  }

  /** The end, exclusive. */
  long endMillis() {
    return endMillis;
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
      counts = larger(counts);
      next = counts.add(slots, deltas, next, to);
    }
  }

  /** The counts, to read at once: the next addition may give the bucket others. */
  SlotCounts counts() {
    return counts;
  }

  /** The count of a slot, 0 if it has none. */
  long get(int slot) {
    return counts.get(slot);
  }

  /** Whether the counts are compressed, so that the next addition must decode them. */
  boolean isSealed() {
    return counts instanceof SealedCounts;
  }

  /**
   * Compresses the counts.
   *
   * @return how many there are
   */
  int seal() {
    SealedCounts sealed = SealedCounts.of(counts);
    counts = sealed;
    return sealed.size();
  }

  private static SlotCounts larger(SlotCounts full) {
    if (full instanceof SealedCounts sealed) {
      int capacity = SparseCounts.capacityFor(sealed.size());
      return copy(sealed, sealed.highestSlot(), capacity);
    }
    SparseCounts sparse = (SparseCounts) full;
    return copy(sparse, sparse.highestSlot(), Math.multiplyExact(sparse.capacity(), 2));
  }

  /** The counts in pages, or in a table of the given capacity if that takes less memory. */
  private static SlotCounts copy(SlotCounts counts, int highestSlot, int capacity) {
    if (PagedCounts.bytesFor(highestSlot) <= (long) capacity * SparseCounts.ENTRY_BYTES) {
      PagedCounts pages = new PagedCounts();
      counts.forEach(Long.MIN_VALUE, pages::put);
      return pages;
    }
    SparseCounts table = new SparseCounts(capacity);
    counts.forEach(Long.MIN_VALUE, table::put);
    return table;
  }
}
