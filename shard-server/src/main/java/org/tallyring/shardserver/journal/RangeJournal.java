package org.tallyring.shardserver.journal;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The journal of one range, open for one owner at one epoch. Appends come from one thread; the
 * other methods may be called from any.
 */
public interface RangeJournal {

  /** The epoch under which it was opened. */
  long epoch();

  /** The largest entry that {@link #append} takes, in bytes. */
  int maxEntryBytes();

  /**
   * Makes an entry durable. Futures of one journal complete in the order of the calls, when the ack
   * quorum has written the entry to stable storage. After one has failed, every later one fails
   * too, always with {@link JournalLostException}: the entry may or may not be in the journal, and
   * the only way on is a new {@link RangeJournals#open}. Changing segments happens inside and is
   * not seen here. The entry is written out before the call returns.
   */
  CompletableFuture<Position> append(EntryBytes entry);

  /**
   * Stores a state of the range, drops the segments that the snapshot before this one makes
   * unnecessary and deletes their ledgers. A failure leaves the journal as it was. One at a time.
   *
   * @param upTo the last entry whose effect is in the state
   * @param chunks the state in pieces of at most {@link #maxEntryBytes}
   */
  CompletableFuture<Void> snapshot(Position upTo, List<byte[]> chunks);

  /** Bytes appended or replayed after the newest snapshot. */
  long bytesSinceSnapshot();

  /** How well new entries are kept. */
  JournalHealth health();

  /**
   * Ends the segment after the appends under way, so that the next owner need not recover it. The
   * journal cannot be used afterwards. Closing a lost journal does nothing.
   */
  CompletableFuture<Void> close();
}
