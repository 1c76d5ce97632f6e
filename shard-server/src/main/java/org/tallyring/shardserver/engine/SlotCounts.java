package org.tallyring.shardserver.engine;

/** Counts by slot. A slot that was never added to has the count 0. */
sealed interface SlotCounts
    permits ExactCounts,
        CountSum,
        MorrisCounts,
        DistinctCounts,
        UnitedUsers,
        HitCounts,
        FrequentCounts,
        NegatedCounts {

  /** The {@link #cost} of plain numbers. */
  int PLAIN = 1;

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
    // Those that are lower need not be handed over.
    int[] highest = new int[1];
    int lower = forEach(Long.MAX_VALUE, (slot, count) -> highest[0]++);
    return lower + highest[0];
  }

  /**
   * How many times longer it takes to find a count than to pass by one in {@link #forEach} of plain
   * numbers, about; {@value #PLAIN} where it takes so little that all can be found at once.
   */
  default int cost() {
    return PLAIN;
  }

  /** What the structures take, about. */
  long bytes();

  /**
   * Adds all counts to a sum.
   *
   * @param sign 1, or -1 to subtract them
   */
  default void addTo(CountSum sum, int sign) {
    forEach(Long.MIN_VALUE, (slot, count) -> sum.add(slot, sign * count));
  }

  /** Takes counts. */
  interface Consumer {
    /** Takes one count, never 0. */
    void accept(int slot, long count);
  }
}
