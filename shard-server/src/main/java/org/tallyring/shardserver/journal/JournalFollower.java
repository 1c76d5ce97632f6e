package org.tallyring.shardserver.journal;

import java.util.concurrent.CompletableFuture;

/**
 * Rebuilds a range's state while another owner still writes its journal, so that little is left to
 * replay when the range is taken. Calls are made one after the other, each when the one before is
 * done; only {@link #stop} may come at any time.
 *
 * <p>Nothing is fenced before {@link #take}, and only entries are replayed that every later
 * recovery finds, too: what the writer has told the bookies to be confirmed. So the rebuilt state
 * is the beginning of what {@link #take} completes, whoever has owned the range meanwhile.
 */
public interface JournalFollower {

  /**
   * Replays what is known to be durable and was not replayed yet; at first the snapshot. Completes
   * with how many entries that were. Fails when the journal cannot be read, or when what comes next
   * has been dropped behind a newer snapshot: then another follower has to begin anew.
   */
  CompletableFuture<Long> advance();

  /** Makes beforehand what {@link #take} would have to wait for. */
  CompletableFuture<Void> prepare();

  /**
   * Takes the range as {@link RangeJournals#open} does, replaying only what is left. Nothing else
   * may be called afterwards.
   */
  CompletableFuture<RangeJournal> take();

  /**
   * Takes the range from an owner that has closed the journal, after an {@link #advance} that left
   * little. Does what {@link #take} does with one change of the record instead of two: it names the
   * prepared segment and this owner as serving a moment before the last entries are replayed.
   */
  CompletableFuture<RangeJournal> takeHandedOff();

  /** Gives up what was prepared. Does nothing after {@link #take}. */
  void stop();
}
