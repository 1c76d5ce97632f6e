package org.tallyring.shardserver.journal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.shardserver.coordination.RangeStore;

/**
 * The ledgers of a range that are not needed. Thread-safe.
 *
 * <p>What a record no longer needs is named in it as garbage, then deleted, then taken out. Each
 * step can be repeated, so a process that ends in between leaves nothing behind that the next owner
 * or the next snapshot does not finish. None of these ledgers has a writer: whoever opened the
 * journal ended them by recovery.
 *
 * <p>A ledger that was made but did not get into the record is deleted only when it is certain that
 * no record names it. While that is unclear it stays: a ledger too many costs a few bytes, a ledger
 * too few costs the range.
 */
final class Garbage {

  private static final Logger log = LoggerFactory.getLogger(Garbage.class);

  private final Ledgers ledgers;
  private final RangeStore store;
  private final int rangeId;
  private final OwnedRecord record;

  Garbage(Ledgers ledgers, RangeStore store, int rangeId, OwnedRecord record) {
    this.ledgers = ledgers;
    this.store = store;
    this.rangeId = rangeId;
    this.record = record;
  }

  /** Deletes what the record calls garbage. Never fails: what cannot be deleted now stays named. */
  CompletableFuture<Void> collect() {
    List<Long> named = record.value().getGarbageLedgerIdsList();
    if (named.isEmpty()) {
      return CompletableFuture.completedFuture(null);
    }
    ConcurrentLinkedQueue<Long> deleted = new ConcurrentLinkedQueue<>();
    List<CompletableFuture<Void>> deletions = new ArrayList<>();
    for (Long ledgerId : named) {
      deletions.add(ledgers.delete(ledgerId).thenAccept(done -> deleted.add(ledgerId)));
    }
    return CompletableFuture.allOf(deletions.toArray(CompletableFuture[]::new))
        .handle((done, failure) -> report("not all garbage could be deleted", failure))
        .thenCompose(done -> record.change(range -> JournalLayout.withoutGarbage(range, deleted)))
        .handle((done, failure) -> report("deleted garbage is still named", failure));
  }

  private Void report(String what, Throwable failure) {
    if (failure != null) {
      log.info("Range {}: {}; the next snapshot or owner goes on: {}", rangeId, what, failure);
    }
    return null;
  }

  /** Deletes a ledger that was never to be named in the record. */
  void discard(long ledgerId) {
    discard(ledgers, rangeId, ledgerId);
  }

  /** Deletes a ledger of a range that this shard does not own, or not yet. */
  static void discard(Ledgers ledgers, int rangeId, long ledgerId) {
    ledgers
        .delete(ledgerId)
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                leftOver(rangeId, ledgerId, failure);
              }
            });
  }

  /**
   * Deletes a ledger that should have been named in the record but may not be. Another epoch in the
   * record ends all doubt: this owner's changes can no longer succeed, so what the record says of
   * the ledger is final.
   */
  void discardIfUnnamed(long ledgerId, Throwable cause) {
    discardIfUnnamed(
        ledgers, store, rangeId, ledgerId, stored -> stored.getEpoch() != record.epoch(), cause);
  }

  /**
   * Deletes a ledger if a record does not name it and never can.
   *
   * @param settled whether what a stored record says is final
   */
  static void discardIfUnnamed(
      Ledgers ledgers,
      RangeStore store,
      int rangeId,
      long ledgerId,
      Predicate<RangeRecord> settled,
      Throwable cause) {
    store
        .read(rangeId)
        .whenComplete(
            (stored, failure) -> {
              boolean certain = failure == null && settled.test(stored.value());
              if (!certain) {
                leftOver(rangeId, ledgerId, cause);
              } else if (!JournalLayout.refersTo(stored.value(), ledgerId)) {
                discard(ledgers, rangeId, ledgerId);
              }
            });
  }

  private static void leftOver(int rangeId, long ledgerId, Throwable cause) {
    log.warn(
        "Range {}: ledger {} may be left over; once no record names it, it can be deleted: {}",
        rangeId,
        ledgerId,
        cause.toString());
  }
}
