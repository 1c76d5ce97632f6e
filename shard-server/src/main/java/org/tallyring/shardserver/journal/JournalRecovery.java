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
import java.util.function.Supplier;
import org.apache.bookkeeper.client.api.ReadHandle;
import org.jspecify.annotations.Nullable;
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
 *
 * <p><b>Following.</b> While another owner still writes, {@link #advance} goes as far as is safe
 * without disturbing it: up to what the writer has told the bookies to be confirmed, which every
 * recovery keeps, and not past a segment that is still open, whose end nobody knows. What a later
 * {@link #run} does begins where that ended.
 */
final class JournalRecovery {

  private static final Logger log = LoggerFactory.getLogger(JournalRecovery.class);

  /**
   * What a recovery found.
   *
   * @param bytes how many bytes were replayed
   * @param snapshot what the state was restored from; empty if the whole journal was replayed
   * @param unreadable the snapshots that could not be read
   * @param headerOnly the ledgers of segments without entries
   */
  record Recovered(
      long bytes,
      Optional<SnapshotReference> snapshot,
      Set<SnapshotReference> unreadable,
      Set<Long> headerOnly) {

    /** The record without what the recovery found to be of no use. */
    RangeRecord cleaned(RangeRecord range) {
      RangeRecord readable =
          unreadable.contains(range.getSnapshot())
              ? JournalLayout.withoutUnreadableSnapshots(range, snapshot)
              : range;
      return JournalLayout.withoutEmptyEnd(readable, headerOnly);
    }
  }

  /** A segment that is open to be read, up to an entry. */
  private record Opened(JournalSegment segment, ReadHandle ledger, long last) {}

  private final Ledgers ledgers;
  private final int chunkBytes;
  private final int rangeId;
  private final JournalReplay replay;
  private final Executor executor;
  private final Turns turns;
  private final Set<Long> headerOnly = new HashSet<>();
  private final Set<SnapshotReference> unreadable = new HashSet<>();
  private Optional<SnapshotReference> snapshot = Optional.empty();

  /** The last entry that is in the state; null before a snapshot was looked for. */
  private @Nullable Position reached;

  private boolean restoreCalled;
  private long bytes;
  private long entries;

  JournalRecovery(
      Ledgers ledgers,
      int chunkBytes,
      int rangeId,
      JournalReplay replay,
      Executor executor,
      Turns turns) {
    this.ledgers = ledgers;
    this.chunkBytes = chunkBytes;
    this.rangeId = rangeId;
    this.replay = replay;
    this.executor = executor;
    this.turns = turns;
  }

  /** Fences at once; restores and replays what is left when it is its turn. */
  CompletableFuture<Recovered> run(RangeRecord range) {
    List<CompletableFuture<Opened>> fenced = new ArrayList<>();
    for (JournalSegment segment : range.getSegmentsList()) {
      fenced.add(
          ledgers
              .recover(segment.getLedgerId())
              .thenApply(ledger -> new Opened(segment, ledger, ledger.getLastAddConfirmed())));
    }
    Supplier<CompletableFuture<Recovered>> rebuild =
        () ->
            restoreOnce(range)
                .thenCompose(restored -> replay(checked(fenced)))
                .thenApply(replayed -> new Recovered(bytes, snapshot, unreadable, headerOnly));
    // Little is left of a journal that was followed, and producers are waiting for it.
    boolean atOnce = reached != null;
    return CompletableFuture.allOf(fenced.toArray(CompletableFuture[]::new))
        .thenCompose(all -> atOnce ? rebuild.get() : turns.run(rebuild));
  }

  /**
   * Restores and replays what is durable for certain, when it is its turn; disturbs nobody.
   *
   * @return how many entries were replayed
   */
  CompletableFuture<Long> advance(RangeRecord range) {
    return turns.run(
        () ->
            restoreOnce(range)
                .thenCompose(restored -> follow(range, 0, new ArrayList<>()))
                .thenCompose(
                    opened -> {
                      long before = entries;
                      return replay(opened)
                          .thenApply(replayed -> entries - before)
                          .whenComplete(
                              (done, failure) ->
                                  opened.forEach(segment -> segment.ledger().closeAsync()));
                    }));
  }

  /** Opens the segments with what comes next, in order, up to the first that is still written. */
  private CompletableFuture<List<Opened>> follow(
      RangeRecord range, int index, List<Opened> opened) {
    if (index == range.getSegmentsCount()) {
      return CompletableFuture.completedFuture(opened);
    }
    JournalSegment segment = range.getSegments(index);
    if (segment.getNumber() < from().segment()) {
      return follow(range, index + 1, opened);
    }
    return ledgers
        .follow(segment.getLedgerId())
        .thenCompose(
            ledger -> {
              // Asked before the last entry is: what was ended then has no later one.
              boolean ended = ledger.isClosed();
              return ledger
                  .readLastAddConfirmedAsync()
                  .thenCompose(
                      last -> {
                        opened.add(new Opened(segment, ledger, last));
                        return ended
                            ? follow(range, index + 1, opened)
                            : CompletableFuture.completedFuture(opened);
                      });
            });
  }

  private CompletableFuture<Void> restoreOnce(RangeRecord range) {
    if (reached != null) {
      return CompletableFuture.completedFuture(null);
    }
    List<SnapshotReference> candidates = JournalLayout.snapshots(range);
    return restore(range, candidates, 0)
        .thenAccept(
            restored -> {
              snapshot = restored;
              reached =
                  restored
                      .map(s -> new Position(s.getSegment(), s.getEntry()))
                      .orElse(Position.START);
            });
  }

  private Position from() {
    return reached == null ? Position.START : reached;
  }

  private CompletableFuture<Optional<SnapshotReference>> restore(
      RangeRecord range, List<SnapshotReference> candidates, int index) {
    if (index == candidates.size()) {
      return fromTheBeginning(range, !candidates.isEmpty());
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
              unreadable.add(candidate);
              return restore(range, candidates, index + 1);
            });
  }

  private CompletableFuture<Optional<SnapshotReference>> fromTheBeginning(
      RangeRecord range, boolean snapshotsFailed) {
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

  /** All segments of a journal that nobody writes any more. */
  private List<Opened> checked(List<CompletableFuture<Opened>> fenced) {
    List<Opened> segments = fenced.stream().map(CompletableFuture::join).toList();
    for (Opened opened : segments) {
      if (opened.last() < 0) {
        throw damaged("segment %d has lost its header".formatted(opened.segment().getNumber()));
      }
      if (opened.last() == 0) {
        headerOnly.add(opened.segment().getLedgerId());
      }
    }
    return segments;
  }

  /** Replays what follows the last entry in the state; entry 0 of a segment is its header. */
  private CompletableFuture<Void> replay(List<Opened> segments) {
    Position from = from();
    List<Stretch> stretches = new ArrayList<>();
    long expected = segments.isEmpty() ? 0 : segments.get(0).segment().getNumber();
    if (expected > from.segment() + 1) {
      throw damaged("segment %d is missing".formatted(from.segment() + 1));
    }
    for (Opened opened : segments) {
      long number = opened.segment().getNumber();
      if (number != expected) {
        throw damaged("segment %d follows %d".formatted(number, expected - 1));
      }
      expected++;
      if (number >= from.segment()) {
        long first = number == from.segment() ? from.entry() + 1 : 0;
        stretches.add(new Stretch(number, opened.ledger(), first, opened.last()));
      }
    }
    return ChunkedReader.read(stretches, chunkBytes, executor, this::replay);
  }

  private void replay(Position position, byte[] entry) {
    bytes += entry.length;
    if (position.entry() == 0) {
      checkHeader(position, entry);
    } else {
      replay.replay(position, entry);
      entries++;
    }
    reached = position;
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
