package org.tallyring.shardserver.journal;

import java.util.List;

/**
 * What opening a journal rebuilds a range's state with: at most one {@link #restore}, then every
 * later entry in order. Called one at a time, on the executor given to {@link RangeJournals#open}.
 */
public interface JournalReplay {

  /**
   * Starts from a snapshot. May be called again with an older one when the newest turns out
   * damaged, before any entry was replayed; the last call counts.
   *
   * @throws RuntimeException if the chunks are not a snapshot that can be read
   */
  void restore(List<byte[]> chunks);

  /** Applies one entry: never a segment's header, never one that the snapshot holds already. */
  void replay(Position position, byte[] entry);
}
