package org.tallyring.shardserver.ownership;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.tallyring.shardserver.journal.JournalFollower;
import org.tallyring.shardserver.journal.JournalReplay;
import org.tallyring.shardserver.journal.RangeJournal;
import org.tallyring.shardserver.journal.RangeJournals;
import org.tallyring.shardserver.journal.StoredJournal;

/** Journals that never open. */
final class ClosedJournals implements RangeJournals {

  @Override
  public CompletableFuture<RangeJournal> open(
      int rangeId, String owner, JournalReplay replay, Executor executor) {
    return CompletableFuture.failedFuture(new IllegalStateException("no bookies"));
  }

  @Override
  public CompletableFuture<StoredJournal> stored(int rangeId) {
    return CompletableFuture.failedFuture(new IllegalStateException("no bookies"));
  }

  @Override
  public JournalFollower follow(
      int rangeId, String owner, JournalReplay replay, Executor executor) {
    throw new UnsupportedOperationException("follow");
  }

  @Override
  public void close() {}
}
