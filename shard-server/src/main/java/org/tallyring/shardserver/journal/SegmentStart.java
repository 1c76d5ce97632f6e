package org.tallyring.shardserver.journal;

import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.tallyring.proto.internal.v1.RangeRecord;

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
  private final InstantSource clock;

  SegmentStart(
      Ledgers ledgers,
      Bookies bookies,
      int rangeId,
      OwnedRecord record,
      Garbage garbage,
      InstantSource clock) {
    this.ledgers = ledgers;
    this.bookies = bookies;
    this.rangeId = rangeId;
    this.record = record;
    this.garbage = garbage;
    this.clock = clock;
  }

  /** A ledger for the next segment; nobody knows of it yet. */
  CompletableFuture<PreparedSegment> prepare() {
    return PreparedSegment.prepare(
        ledgers, bookies, rangeId, record.value().getOwner(), record.epoch());
  }

  /**
   * Makes a prepared ledger the journal's last segment.
   *
   * @param before what changes in the record first, in the same step
   */
  CompletableFuture<Segment> publish(PreparedSegment prepared, UnaryOperator<RangeRecord> before) {
    long ledgerId = prepared.ledger().getId();
    long now = clock.millis();
    return record
        .change(range -> JournalLayout.withSegment(before.apply(range), ledgerId, now))
        .whenComplete(
            (range, failure) -> {
              if (failure != null) {
                garbage.discardIfUnnamed(ledgerId, failure);
              }
            })
        .thenApply(
            range ->
                new Segment(
                    JournalLayout.segmentNumber(range, ledgerId),
                    prepared.ledger(),
                    prepared.quorum()));
  }
}
