package org.tallyring.client.recording;

import java.util.Arrays;

/**
 * Finds the rows of a batch by their keys' hashes: an open-addressing table that is used again for
 * the next batch, so that a row costs no object. Not thread-safe.
 *
 * <p>A client has one for each range, and a row goes to any of them: were they all as large as the
 * largest batch needs, each row would be looked for in memory that no cache holds. So a table has
 * the size that its batches have needed lately, and a place in it is one word.
 */
final class RowIndex {

  /** In place of a row: there is none. */
  static final int NONE = -1;

  private static final int FEWEST_PLACES = 64;

  private static final int HASH_SHIFT = 32;

  /** The low half of a hash above row + 1; 0 where nothing is. Only the first places are in use. */
  private long[] slots = new long[FEWEST_PLACES];

  /** A power of two, at least twice {@code size}. */
  private int places = FEWEST_PLACES;

  private int size;

  /** Whether a row is the one looked for. */
  interface Match {
    boolean test(int row);
  }

  /** The row with this hash that matches, or {@link #NONE}. */
  int find(long hash, Match match) {
    for (int place = place(hash); slots[place] != 0; place = next(place)) {
      long slot = slots[place];
      if (slot >>> HASH_SHIFT == (hash & 0xFFFF_FFFFL) && match.test((int) slot - 1)) {
        return (int) slot - 1;
      }
    }
    return NONE;
  }

  /** Adds a row. */
  void add(long hash, int row) {
    if (2 * size == places) {
      grow();
    }
    put(hash << HASH_SHIFT | (row + 1));
    size++;
  }

  /** Forgets all rows. */
  void clear() {
    Arrays.fill(slots, 0, places, 0);
    if (8 * size < places && places > FEWEST_PLACES) {
      places /= 2;
    }
    size = 0;
  }

  /** How many places rows are looked for in. */
  int places() {
    return places;
  }

  private void put(long slot) {
    int place = place(slot >>> HASH_SHIFT);
    while (slots[place] != 0) {
      place = next(place);
    }
    slots[place] = slot;
  }

  private void grow() {
    long[] before = Arrays.copyOf(slots, places);
    places *= 2;
    if (slots.length < places) {
      slots = new long[places];
    } else {
      Arrays.fill(slots, 0, places, 0);
    }
    for (long slot : before) {
      if (slot != 0) {
        put(slot);
      }
    }
  }

  /** The low bits, since the high ones chose the range. */
  private int place(long hash) {
    return (int) hash & (places - 1);
  }

  private int next(int place) {
    return (place + 1) & (places - 1);
  }
}
