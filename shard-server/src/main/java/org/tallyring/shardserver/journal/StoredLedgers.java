package org.tallyring.shardserver.journal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.bookkeeper.client.api.LedgerEntries;
import org.apache.bookkeeper.client.api.LedgerEntry;
import org.apache.bookkeeper.client.api.ReadHandle;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.JournalSegment;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.internal.v1.SnapshotReference;

/**
 * A journal in ledgers, read without recovery.
 *
 * <p>What the bookies say of the last entry of a ledger that is being written lags behind, so the
 * caller says up to where it knows the entries to be acknowledged, and they are read on its word.
 */
final class StoredLedgers implements StoredJournal {

  private final Ledgers ledgers;
  private final int chunkBytes;
  private final int rangeId;
  private final RangeRecord range;
  private @Nullable CompletableFuture<ReadHandle> opened;
  private long openedSegment;

  StoredLedgers(Ledgers ledgers, int chunkBytes, int rangeId, RangeRecord range) {
    this.ledgers = ledgers;
    this.chunkBytes = chunkBytes;
    this.rangeId = rangeId;
    this.range = range;
  }

  @Override
  public Position beginning() {
    return JournalLayout.beginning(range);
  }

  @Override
  public List<Position> snapshots() {
    return references().map(StoredLedgers::position).toList();
  }

  private Stream<SnapshotReference> references() {
    return JournalLayout.snapshots(range).stream();
  }

  private static Position position(SnapshotReference snapshot) {
    return new Position(snapshot.getSegment(), snapshot.getEntry());
  }

  @Override
  public CompletableFuture<List<byte[]>> snapshot(Position position) {
    SnapshotReference reference =
        references().filter(each -> position(each).equals(position)).findFirst().orElseThrow();
    return ledgers
        .read(reference.getLedgerId())
        .thenCompose(
            ledger ->
                SnapshotLedger.read(ledger, reference, chunkBytes, Runnable::run)
                    .whenComplete((read, failure) -> ledger.closeAsync()));
  }

  @Override
  public CompletableFuture<List<StoredEntry>> after(Position position, Position upTo) {
    if (position.compareTo(upTo) >= 0) {
      return CompletableFuture.completedFuture(List.of());
    }
    long first = range.getSegmentsCount() == 0 ? 0 : range.getSegments(0).getNumber();
    if (position.segment() + 1 < first) {
      return failed("segment %d is kept no more".formatted(position.segment() + 1));
    }
    for (JournalSegment segment : range.getSegmentsList()) {
      if (segment.getNumber() >= position.segment()) {
        return open(segment)
            .thenCompose(ledger -> read(segment.getNumber(), ledger, position, upTo));
      }
    }
    return failed("segment %d is not named in the record".formatted(position.segment()));
  }

  private CompletableFuture<List<StoredEntry>> read(
      long segment, ReadHandle ledger, Position position, Position upTo) {
    if (segment < upTo.segment() && !ledger.isClosed()) {
      close();
      return failed("segment %d has not ended yet".formatted(segment));
    }
    long first = segment == position.segment() ? position.entry() + 1 : 0;
    long last = segment == upTo.segment() ? upTo.entry() : ledger.getLastAddConfirmed();
    if (first > last) {
      return after(new Position(segment + 1, -1), upTo);
    }
    long end = Math.min(last, first + ChunkedReader.entriesPerChunk(ledger, chunkBytes) - 1);
    return ledger.readUnconfirmedAsync(first, end).thenApply(entries -> taken(segment, entries));
  }

  private static List<StoredEntry> taken(long segment, LedgerEntries entries) {
    List<StoredEntry> taken = new ArrayList<>();
    try (entries) {
      for (LedgerEntry entry : entries) {
        taken.add(
            new StoredEntry(new Position(segment, entry.getEntryId()), entry.getEntryBytes()));
      }
    }
    return taken;
  }

  private synchronized CompletableFuture<ReadHandle> open(JournalSegment segment) {
    CompletableFuture<ReadHandle> ledger = opened;
    if (ledger == null || openedSegment != segment.getNumber()) {
      close();
      ledger = ledgers.read(segment.getLedgerId());
      opened = ledger;
      openedSegment = segment.getNumber();
    }
    return ledger;
  }

  private <T> CompletableFuture<T> failed(String what) {
    return CompletableFuture.failedFuture(
        new IllegalStateException("Range %d: journal not read: %s".formatted(rangeId, what)));
  }

  @Override
  public synchronized void close() {
    if (opened != null) {
      opened.thenAccept(ReadHandle::closeAsync);
      opened = null;
    }
  }
}
