package org.tallyring.shardserver.journal;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** The journals of all ranges. Thread-safe. */
public interface RangeJournals extends AutoCloseable {

  /**
   * Takes a range: raises its epoch, fences every earlier owner, rebuilds the state through {@code
   * replay} and begins a new segment.
   *
   * <p>When the future completes, no append of an earlier owner can succeed any more, everything
   * that was ever acknowledged has been replayed, and the range's record names this owner as
   * serving. It fails with {@link JournalLostException} when another owner took the range
   * meanwhile, and with another exception when the engines cannot be reached; both may be retried
   * by a new call.
   *
   * @param rangeId the range
   * @param owner the id of the shard that takes it
   * @param replay receives the snapshot and the entries
   * @param executor where {@code replay} is called
   */
  CompletableFuture<RangeJournal> open(
      int rangeId, String owner, JournalReplay replay, Executor executor);

  /**
   * Looks at what is stored of a range's journal, to read it beside its owner. Fences nobody and
   * changes nothing.
   */
  CompletableFuture<StoredJournal> stored(int rangeId);

  /**
   * Begins to follow the journal of a range, of which the present owner notices nothing.
   *
   * @param rangeId the range
   * @param owner the id of the shard that will take it
   * @param replay receives the snapshot and the entries
   * @param executor where {@code replay} is called
   */
  JournalFollower follow(int rangeId, String owner, JournalReplay replay, Executor executor);

  @Override
  void close();
}
