package org.tallyring.shardserver.journal;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.SnapshotReference;

/** Parts of named snapshots, each in a ledger of its own. */
final class BookKeeperArchive implements SnapshotArchive {

  private static final Logger log = LoggerFactory.getLogger(BookKeeperArchive.class);

  private final Ledgers ledgers;
  private final Bookies bookies;
  private final int readBytes;

  /**
   * An archive on some bookies.
   *
   * @param readBytes about how much is read at once
   */
  BookKeeperArchive(Ledgers ledgers, Bookies bookies, int readBytes) {
    this.ledgers = ledgers;
    this.bookies = bookies;
    this.readBytes = readBytes;
  }

  @Override
  public CompletableFuture<SnapshotReference> store(
      int rangeId, long epoch, Position upTo, List<byte[]> chunks) {
    return bookies
        .quorum()
        .map(quorum -> ledgers.create(Ledgers.Kind.NAMED_SNAPSHOT, rangeId, epoch, quorum))
        .orElseGet(
            () ->
                CompletableFuture.failedFuture(
                    new IllegalStateException(
                        "bookies: " + bookies.describe() + " (expected: enough for a ledger)")))
        .thenCompose(
            ledger ->
                SnapshotLedger.write(ledger, upTo, chunks)
                    .whenComplete(
                        (written, failure) -> {
                          if (failure != null) {
                            discard(ledger.getId());
                          }
                        }));
  }

  private void discard(long ledgerId) {
    ledgers
        .delete(ledgerId)
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                log.warn("ledger {}: left over and not needed ({})", ledgerId, failure.toString());
              }
            });
  }

  @Override
  public CompletableFuture<List<byte[]>> read(SnapshotReference reference) {
    return ledgers
        .recover(reference.getLedgerId())
        .thenCompose(
            ledger ->
                SnapshotLedger.read(ledger, reference, readBytes, ForkJoinPool.commonPool())
                    .whenComplete((read, failure) -> ledger.closeAsync()));
  }

  @Override
  public CompletableFuture<Void> delete(SnapshotReference reference) {
    return ledgers.delete(reference.getLedgerId());
  }
}
