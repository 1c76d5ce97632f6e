package org.tallyring.shardserver.journal;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What was stored of a range's journal at one moment, to be read while its owner goes on. Used by
 * one caller, with one question at a time.
 *
 * <p>Nothing is held for a reader: when the owner stores a snapshot meanwhile, segments and
 * snapshots may go, and reading them fails. Looking at the journal anew shows what there is then.
 */
public interface StoredJournal extends AutoCloseable {

  /** The place before the first entry that is kept; {@link Position#START} if all are. */
  Position beginning();

  /** The places of the stored snapshots, newest first. */
  List<Position> snapshots();

  /** The chunks of the stored snapshot of a place. */
  CompletableFuture<List<byte[]>> snapshot(Position position);

  /**
   * The next entries, headers of segments among them: some, though there may be more; none if there
   * are no more.
   *
   * <p>It fails if an entry cannot be read, is kept no more, or its segment is not known here; and
   * for a moment after a roll, while the end of the segment before is not settled.
   *
   * @param position where to go on
   * @param upTo the last entry to read; it must have been acknowledged, since what was only sent is
   *     not told from it
   */
  CompletableFuture<List<StoredEntry>> after(Position position, Position upTo);

  @Override
  void close();
}
