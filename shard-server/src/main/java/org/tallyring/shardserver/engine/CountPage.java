package org.tallyring.shardserver.engine;

/**
 * The counts of {@value #SLOTS} consecutive slots, in one of several forms; a place is a slot's
 * offset in the page.
 *
 * <p>A page can be shared with a frozen view, and is then never written again: {@link #added} gives
 * another page that takes its place.
 */
sealed interface CountPage permits SparseCounts, IntPage, LongPage, ColumnPage {

  /** How many bits of a slot tell the place. */
  int BITS = 10;

  /** How many slots a page has. */
  int SLOTS = 1 << BITS;

  /** What of a slot tells the place. */
  int MASK = SLOTS - 1;

  /** The count of a place. */
  long get(int place);

  /**
   * Adds to a place.
   *
   * @return the page that holds the result, this one if it has the room and is not shared
   */
  CountPage added(int place, long delta);

  /** Whether no count has left 32 bits. */
  boolean isNarrow();

  /** Makes it a page that is never written again. */
  void share();

  /**
   * Gives every count that is not 0 and at least {@code lowest}, by the slots of which the first is
   * given, in any order.
   *
   * @return how many counts that are not 0 are lower
   */
  int forEach(int firstSlot, long lowest, SlotCounts.Consumer consumer);

  /** The same by rising slot, with all counts that are not 0. */
  void forEachRising(int firstSlot, SlotCounts.Consumer consumer);

  /** See {@link SlotCounts#addTo}. */
  void addTo(CountSum sum, int firstSlot, int sign);

  /** What the structure takes, about. */
  long bytes();
}
