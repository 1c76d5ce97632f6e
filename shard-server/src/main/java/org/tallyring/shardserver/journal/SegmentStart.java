package org.tallyring.shardserver.journal;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.UnaryOperator;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.internal.v1.SegmentHeader;

/**
 * Begins the segments of one owner of a range, in two steps: a new ledger with its header, which
 * nobody knows of yet; then its place in the record, which makes it the journal's last.
 *
 * <p>The header is acknowledged before the record names the ledger, because a ledger without a
 * first entry is hard to recover while a bookie is down, and because an empty segment in a record
 * is then proof of damage.
 */
final class SegmentStart {

  private final Ledgers ledgers;
  private final Bookies bookies;
  private final int rangeId;
  private final OwnedRecord record;
  private final Garbage garbage;

  SegmentStart(Ledgers ledgers, Bookies bookies, int rangeId, OwnedRecord record, Garbage garbage) {
    this.ledgers = ledgers;
    this.bookies = bookies;
    this.rangeId = rangeId;
    this.record = record;
    this.garbage = garbage;
  }

  /** The next segment, with its header on stable storage; nobody knows of it yet. */
  CompletableFuture<Segment> prepare() {
    return bookies
        .quorum()
        .map(this::prepare)
        .orElseGet(
            () ->
                CompletableFuture.failedFuture(
                    new IllegalStateException(
                        "Range %d: no new segment while there are %s (expected: at least 2 writable). "
                                .formatted(rangeId, bookies.describe())
                            + "Start bookies; one copy is kept only in single-machine mode with one"
                            + " bookie registered")));
  }

  private CompletableFuture<Segment> prepare(Quorum quorum) {
    RangeRecord range = record.value();
    byte[] header =
        JournalEntry.newBuilder()
            .setHeader(
                SegmentHeader.newBuilder()
                    .setRangeId(rangeId)
                    .setEpoch(record.epoch())
                    .setOwner(range.getOwner()))
            .build()
            .toByteArray();
    long number = JournalLayout.nextSegmentNumber(range);
    return ledgers
        .create(Ledgers.Kind.JOURNAL, rangeId, record.epoch(), quorum)
        .thenCompose(
            ledger -> {
              Segment segment = new Segment(number, ledger, quorum);
              return ledger
                  .appendAsync(header)
                  .handle(
                      (entry, failure) -> {
                        if (failure != null) {
                          garbage.discard(ledger.getId());
                          throw new CompletionException(failure);
                        }
                        return segment;
                      });
            });
  }

  /**
   * Makes a prepared segment the journal's last.
   *
   * @param also what else changes in the record with it
   */
  CompletableFuture<Segment> publish(Segment segment, UnaryOperator<RangeRecord> also) {
    return record
        .change(
            range ->
                also.apply(
                    JournalLayout.withSegment(range, segment.number(), segment.ledger().getId())))
        .handle(
            (range, failure) -> {
              if (failure != null) {
                garbage.discardIfUnnamed(segment.ledger().getId(), failure);
                throw new CompletionException(
                    failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure);
              }
              return segment;
            });
  }
}
