package org.tallyring.shardserver.journal;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.apache.bookkeeper.client.api.ReadHandle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.JournalSegment;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.internal.v1.SnapshotReference;
import org.tallyring.shardserver.journal.ChunkedReader.Stretch;

/**
 * Rebuilds a range's state from its record: the newest snapshot that can be read, then every entry
 * after it.
 *
 * <p><b>Every segment is opened with recovery</b>, not only the last. A roll names the new segment
 * in the record while entries of the one before are still on their way, so the last two may be
 * open; and of a segment that was ended already, recovery only reads the metadata, as a plain open
 * would.
 *
 * <p><b>Falling back.</b> Segments are dropped only when the <em>previous</em> snapshot makes them
 * unnecessary. So if the newest snapshot cannot be read, the one before and a longer replay give
 * the same state; and if there was only one, the whole journal is still there.
 */
final class JournalRecovery {

  private static final Logger log = LoggerFactory.getLogger(JournalRecovery.class);

  /**
   * What a recovery found.
   *
   * @param bytes how many bytes were replayed
   * @param snapshot what the state was restored from; empty if the whole journal was replayed
   * @param headerOnly the ledgers of segments without entries
   */
  record Recovered(long bytes, Optional<SnapshotReference> snapshot, Set<Long> headerOnly) {

    /** The record without what the recovery found to be of no use. */
    RangeRecord cleaned(RangeRecord range) {
      return JournalLayout.withoutEmptyEnd(
          JournalLayout.withoutUnreadableSnapshots(range, snapshot), headerOnly);
    }
  }

  private final Ledgers ledgers;
  private final int chunkBytes;
  private final int rangeId;
  private final RangeRecord range;
  private final JournalReplay replay;
  private final Executor executor;
  private final Turns turns;
  private final Set<Long> headerOnly = new HashSet<>();
  private boolean restoreCalled;
  private long bytes;

  JournalRecovery(
      Ledgers ledgers,
      int chunkBytes,
      int rangeId,
      RangeRecord range,
      JournalReplay replay,
      Executor executor,
      Turns turns) {
    this.ledgers = ledgers;
    this.chunkBytes = chunkBytes;
    this.rangeId = rangeId;
    this.range = range;
    this.replay = replay;
    this.executor = executor;
    this.turns = turns;
  }

  /** Fences at once; restores and replays when it is its turn. */
  CompletableFuture<Recovered> run() {
    List<CompletableFuture<ReadHandle>> opened = new ArrayList<>();
    for (JournalSegment segment : range.getSegmentsList()) {
      opened.add(ledgers.recover(segment.getLedgerId()));
    }
    CompletableFuture<Void> fenced =
        CompletableFuture.allOf(opened.toArray(CompletableFuture[]::new));
    List<SnapshotReference> candidates = JournalLayout.snapshots(range);
    return fenced.thenCompose(
        all -> turns.run(() -> rebuild(candidates, opened.stream().map(CompletableFuture::join))));
  }

  private CompletableFuture<Recovered> rebuild(
      List<SnapshotReference> candidates, Stream<ReadHandle> opened) {
    return restore(candidates, 0)
        .thenCompose(
            snapshot ->
                ChunkedReader.read(
                        stretches(opened.toList(), snapshot), chunkBytes, executor, this::replay)
                    .thenApply(replayed -> new Recovered(bytes, snapshot, headerOnly)));
  }

  private CompletableFuture<Optional<SnapshotReference>> restore(
      List<SnapshotReference> candidates, int index) {
    if (index == candidates.size()) {
      return fromTheBeginning(!candidates.isEmpty());
    }
    SnapshotReference candidate = candidates.get(index);
    return ledgers
        .recover(candidate.getLedgerId())
        .thenCompose(ledger -> SnapshotLedger.read(ledger, candidate, chunkBytes, executor))
        .thenAcceptAsync(
            chunks -> {
              restoreCalled = true;
              replay.restore(chunks);
            },
            executor)
        .thenApply(restored -> Optional.of(candidate))
        .exceptionallyCompose(
            failure -> {
              log.error(
                  "Range {}: snapshot in ledger {} cannot be read; going on with {}. Check the bookies'"
                      + " disks",
                  rangeId,
                  candidate.getLedgerId(),
                  index + 1 < candidates.size() ? "the one before" : "the whole journal",
                  failure);
              return restore(candidates, index + 1);
            });
  }

  private CompletableFuture<Optional<SnapshotReference>> fromTheBeginning(boolean snapshotsFailed) {
    boolean whole = range.getSegmentsCount() == 0 || range.getSegments(0).getNumber() == 1;
    if (snapshotsFailed && (!whole || restoreCalled)) {
      return CompletableFuture.failedFuture(
          new IllegalStateException(
              "Range %d: no snapshot can be read and the journal's beginning is gone"
                      .formatted(rangeId)
                  + " (expected: one of two). Restore the bookies' ledgers"));
    }
    return CompletableFuture.completedFuture(Optional.empty());
  }

  /** What is to be replayed after a snapshot; entry 0 of a segment is its header. */
  private List<Stretch> stretches(List<ReadHandle> opened, Optional<SnapshotReference> snapshot) {
    Position from =
        snapshot.map(s -> new Position(s.getSegment(), s.getEntry())).orElse(Position.START);
    List<Stretch> stretches = new ArrayList<>();
    long expected = range.getSegmentsCount() == 0 ? 0 : range.getSegments(0).getNumber();
    if (expected > from.segment() + 1) {
      throw damaged("segment %d is missing".formatted(from.segment() + 1));
    }
    for (int i = 0; i < opened.size(); i++, expected++) {
      long number = range.getSegments(i).getNumber();
      long last = opened.get(i).getLastAddConfirmed();
      if (number != expected) {
        throw damaged("segment %d follows %d".formatted(number, expected - 1));
      }
      if (last < 0) {
        throw damaged("segment %d has lost its header".formatted(number));
      }
      if (last == 0) {
        headerOnly.add(range.getSegments(i).getLedgerId());
      }
      if (number >= from.segment()) {
        long first = number == from.segment() ? from.entry() + 1 : 0;
        stretches.add(new Stretch(number, opened.get(i), first, last));
      }
    }
    return stretches;
  }

  private void replay(Position position, byte[] entry) {
    bytes += entry.length;
    if (position.entry() == 0) {
      checkHeader(position, entry);
    } else {
      replay.replay(position, entry);
    }
  }

  private void checkHeader(Position position, byte[] entry) {
    try {
      JournalEntry header = JournalEntry.parseFrom(entry);
      if (!header.hasHeader() || header.getHeader().getRangeId() != rangeId) {
        throw damaged("segment %d belongs to something else".formatted(position.segment()));
      }
    } catch (InvalidProtocolBufferException e) {
      throw new CompletionException(
          damaged("segment %d has an unreadable header".formatted(position.segment()))
              .initCause(e));
    }
  }

  private IllegalStateException damaged(String what) {
    return new IllegalStateException("Range %d: damaged journal: %s".formatted(rangeId, what));
  }
}
