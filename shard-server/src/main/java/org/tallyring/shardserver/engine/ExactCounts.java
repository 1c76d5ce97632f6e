package org.tallyring.shardserver.engine;

/** Counts by slot that are sums of what was added. */
sealed interface ExactCounts extends SlotCounts permits SparseCounts, PagedCounts, SealedCounts {

  /**
   * Adds {@code deltas[i]} to {@code slots[i]} for each {@code i} in {@code [from, to)}, in this
   * order.
   *
   * @return {@code to}, or the first row that was not added because there is no room for its slot
   */
  int add(int[] slots, long[] deltas, int from, int to);

  /**
   * A view of the counts as they are now, which stays the same while these are added to, also on
   * another thread. It costs little: what both hold is shared until it changes.
   */
  ExactCounts frozen();
}
