package org.tallyring.shardserver.journal;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.bookkeeper.client.api.WriteHandle;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.SegmentHeader;

/**
 * A ledger that can become a segment: its header is on stable storage, and nobody knows of it yet.
 *
 * @param ledger where the entries will go
 * @param quorum how they will be spread
 * @param epoch of the owner that the header names
 */
record PreparedSegment(WriteHandle ledger, Quorum quorum, long epoch) {

  /** Makes one with as many copies as the bookies allow. */
  static CompletableFuture<PreparedSegment> prepare(
      Ledgers ledgers, Bookies bookies, int rangeId, String owner, long epoch) {
    return bookies
        .quorum()
        .map(quorum -> prepare(ledgers, quorum, rangeId, owner, epoch))
        .orElseGet(
            () ->
                CompletableFuture.failedFuture(
                    new IllegalStateException(
                        "Range %d: no new segment while there are %s (expected: at least 2 writable). "
                                .formatted(rangeId, bookies.describe())
                            + "Start bookies; one copy is kept only in single-machine mode with one"
                            + " bookie registered")));
  }

  private static CompletableFuture<PreparedSegment> prepare(
      Ledgers ledgers, Quorum quorum, int rangeId, String owner, long epoch) {
    byte[] header =
        JournalEntry.newBuilder()
            .setHeader(
                SegmentHeader.newBuilder().setRangeId(rangeId).setEpoch(epoch).setOwner(owner))
            .build()
            .toByteArray();
    return ledgers
        .create(Ledgers.Kind.JOURNAL, rangeId, epoch, quorum)
        .thenCompose(
            ledger ->
                ledger
                    .appendAsync(header)
                    .handle(
                        (entry, failure) -> {
                          if (failure != null) {
                            Garbage.discard(ledgers, rangeId, ledger.getId());
                            throw new CompletionException(failure);
                          }
                          return new PreparedSegment(ledger, quorum, epoch);
                        }));
  }
}
