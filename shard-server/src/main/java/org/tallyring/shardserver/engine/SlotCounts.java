package org.tallyring.shardserver.engine;

/** Counts by slot. A slot that was never added to has the count 0. */
sealed interface SlotCounts
    permits ExactCounts, MorrisCounts, DistinctCounts, UnitedUsers, HitCounts, FrequentCounts {

  /** The count of a slot. */
  long get(int slot);

  /**
   * Gives every count that is not 0 and at least {@code lowest} to {@code consumer}, in any order.
   *
   * @return how many counts that are not 0 are lower
   */
  int forEach(long lowest, Consumer consumer);

  /** Gives every count that is not 0 to {@code consumer}, by rising slot. */
  default void forEachRising(Consumer consumer) {
    forEach(Long.MIN_VALUE, consumer);
  }

  /** How many counts are not 0. */
  default int size() {
    int[] size = new int[1];
    forEach(Long.MIN_VALUE, (slot, count) -> size[0]++);
    return size[0];
  }

  /** What the structures take, about. */
  long bytes();

  /** Adds all counts to a sum. */
  default void addTo(PagedCounts sum) {
    forEach(Long.MIN_VALUE, sum::add);
  }

  /** Takes counts. */
  interface Consumer {
    /** Takes one count, never 0. */
    void accept(int slot, long count);
  }
}
