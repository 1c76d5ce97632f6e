package org.tallyring.client.recording;

import java.util.Arrays;

/**
 * Finds the rows of a batch by their keys' hashes: an open-addressing table that is used again for
 * the next batch, so that a row costs no object. Not thread-safe.
 */
final class RowIndex {

  /** In place of a row: there is none. */
  static final int NONE = -1;

  /** Twice the most rows of a batch, as a power of two. */
  private static final int PLACES = 2 * Integer.highestOneBit(2 * RecordingSettings.BATCH_ROWS - 1);

  /** Row + 1; 0 where nothing is. */
  private final int[] rows = new int[PLACES];

  private final int[] hashes = new int[PLACES];
  private int size;

  /** Whether a row is the one looked for. */
  interface Match {
    boolean test(int row);
  }

  /** The row with this hash that matches, or {@link #NONE}. */
  int find(long hash, Match match) {
    for (int place = place(hash); rows[place] != 0; place = next(place)) {
      if (hashes[place] == (int) hash && match.test(rows[place] - 1)) {
        return rows[place] - 1;
      }
    }
    return NONE;
  }

  /** Adds a row; there must be fewer than {@link RecordingSettings#BATCH_ROWS}. */
  void add(long hash, int row) {
    int place = place(hash);
    while (rows[place] != 0) {
      place = next(place);
    }
    rows[place] = row + 1;
    hashes[place] = (int) hash;
    size++;
  }

  /** Forgets all rows. */
  void clear() {
    if (size > 0) {
      Arrays.fill(rows, 0);
      size = 0;
    }
  }

  /** The low bits, since the high ones chose the range. */
  private static int place(long hash) {
    return (int) hash & (PLACES - 1);
  }

  private static int next(int place) {
    return (place + 1) & (PLACES - 1);
  }
}
