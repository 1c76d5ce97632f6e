package org.tallyring.shardserver.journal;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.tallyring.proto.internal.v1.JournalSegment;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.internal.v1.SnapshotReference;

/**
 * Journals of ranges that nobody else knows of, on the cluster's bookies. Closing deletes their
 * ledgers; those of a process that ends before are left over, a few kilobytes.
 */
final class RehearsalJournals implements RangeJournals {

  /** What log lines about ledgers that cannot be deleted say. */
  private static final int RANGE = -1;

  private final RangeJournals journals;
  private final RehearsalRecords records;
  private final Ledgers ledgers;

  /**
   * No journals yet.
   *
   * @param journals keep their records in {@code records}; are not closed
   */
  RehearsalJournals(RangeJournals journals, RehearsalRecords records, Ledgers ledgers) {
    this.journals = journals;
    this.records = records;
    this.ledgers = ledgers;
  }

  @Override
  public CompletableFuture<RangeJournal> open(
      int rangeId, String owner, JournalReplay replay, Executor executor) {
    return journals.open(rangeId, owner, replay, executor);
  }

  @Override
  public CompletableFuture<StoredJournal> stored(int rangeId) {
    return journals.stored(rangeId);
  }

  @Override
  public JournalFollower follow(
      int rangeId, String owner, JournalReplay replay, Executor executor) {
    return journals.follow(rangeId, owner, replay, executor);
  }

  @Override
  public void close() {
    for (RangeRecord record : records.all()) {
      for (JournalSegment segment : record.getSegmentsList()) {
        Garbage.discard(ledgers, RANGE, segment.getLedgerId());
      }
      for (SnapshotReference snapshot : JournalLayout.snapshots(record)) {
        Garbage.discard(ledgers, RANGE, snapshot.getLedgerId());
      }
      for (long ledgerId : record.getGarbageLedgerIdsList()) {
        Garbage.discard(ledgers, RANGE, ledgerId);
      }
    }
  }
}
