package org.tallyring.shardserver.ownership;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.StateDifference;
import org.tallyring.shardserver.engine.StateDifferences;
import org.tallyring.shardserver.journal.Position;
import org.tallyring.shardserver.journal.StoredEntry;
import org.tallyring.shardserver.journal.StoredJournal;
import org.tallyring.shardserver.ownership.RangeVerification.Mismatch;

/**
 * Replays a range's journal into a second engine, and compares that with what is stored and held on
 * the way: with each snapshot at its place, with the live state at the end.
 *
 * <p>It begins as far back as the journal allows, at its first entry or else after the oldest
 * snapshot. The newest snapshot is what the next owner would believe, so a replay that began there
 * would repeat a mistake in it.
 *
 * <p>What is read is applied by one task after the other, a chunk each, so that others that use the
 * executor have their turn.
 */
final class RangeReplay {

  /** What is stored is no journal, or none that can be applied: reading again would not help. */
  static final class ReplayException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ReplayException(String message) {
      super(message);
    }

    ReplayException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private final int rangeId;
  private final StoredJournal stored;
  private final RangeCut cut;
  private final Executor executor;
  private final List<Mismatch> mismatches = new ArrayList<>();
  private RangeEngine engine;
  private Position at = Position.START;
  private long entries;
  private int snapshots;
  private long mismatchCount;

  RangeReplay(int rangeId, StoredJournal stored, RangeCut cut, Executor executor) {
    this.rangeId = rangeId;
    this.stored = stored;
    this.cut = cut;
    this.executor = executor;
    this.engine = new RangeEngine(rangeId);
  }

  /** Replays and compares. */
  CompletableFuture<RangeVerification> run() {
    Position upTo = RangeCut.reached(cut.applied(), stored);
    List<Position> oldestFirst = new ArrayList<>(stored.snapshots());
    Collections.reverse(oldestFirst);
    boolean whole = stored.beginning().equals(Position.START);
    if (!whole && oldestFirst.isEmpty()) {
      return CompletableFuture.failedFuture(
          new IllegalStateException(
              "range %d: neither a snapshot nor the journal's beginning".formatted(rangeId)));
    }
    Position from = whole ? Position.START : oldestFirst.remove(0);
    // Written down at once, so that the range need not copy what it changes while the replay goes
    // on.
    return CompletableFuture.supplyAsync(() -> cut.state().write(), executor)
        .thenCompose(
            live ->
                begin(from)
                    .thenCompose(begun -> compareSnapshots(oldestFirst, upTo))
                    .thenCompose(compared -> advance(upTo))
                    .thenApplyAsync(
                        arrived -> {
                          note(Optional.empty(), live);
                          return result(from, upTo);
                        },
                        executor));
  }

  private CompletableFuture<Void> begin(Position from) {
    if (from.equals(Position.START)) {
      return CompletableFuture.completedFuture(null);
    }
    return stored
        .snapshot(from)
        .thenAcceptAsync(
            chunks -> {
              try {
                engine = RangeEngine.restore(rangeId, chunks);
              } catch (IllegalArgumentException e) {
                throw unreadable(from, e);
              }
              at = from;
            },
            executor);
  }

  private CompletableFuture<Void> compareSnapshots(List<Position> oldestFirst, Position upTo) {
    CompletableFuture<Void> compared = CompletableFuture.completedFuture(null);
    for (Position position : oldestFirst) {
      if (position.compareTo(upTo) <= 0) {
        compared =
            compared
                .thenCompose(before -> advance(position))
                .thenCompose(arrived -> stored.snapshot(position))
                .thenAcceptAsync(
                    chunks -> {
                      snapshots++;
                      note(Optional.of(position), chunks);
                    },
                    executor);
      }
    }
    return compared;
  }

  private CompletableFuture<Void> advance(Position target) {
    if (at.compareTo(target) >= 0) {
      return CompletableFuture.completedFuture(null);
    }
    return stored
        .after(at, target)
        .thenAcceptAsync(read -> apply(read, target), executor)
        .thenCompose(applied -> advance(target));
  }

  private void apply(List<StoredEntry> read, Position target) {
    if (read.isEmpty()) {
      throw new ReplayException(
          "range %d: the journal ends at %s (expected: %s)".formatted(rangeId, at, target));
    }
    for (StoredEntry entry : read) {
      try {
        JournalEntry parsed = JournalEntry.parseFrom(entry.bytes());
        engine.apply(parsed);
        entries += parsed.hasHeader() ? 0 : 1;
      } catch (InvalidProtocolBufferException | IllegalStateException e) {
        throw new ReplayException(
            "range %d: the entry at %s cannot be applied: %s"
                .formatted(rangeId, entry.position(), e.getMessage()),
            e);
      }
      at = entry.position();
    }
  }

  private void note(Optional<Position> snapshot, List<byte[]> chunks) {
    int room = RangeVerification.MOST_NAMED - mismatches.size();
    StateDifferences differences;
    try {
      differences = engine.differencesOf(chunks, cut.maxChunkBytes(), room);
    } catch (IllegalArgumentException e) {
      throw unreadable(at, e);
    }
    mismatchCount += differences.count();
    for (StateDifference difference : differences.first()) {
      mismatches.add(new Mismatch(snapshot, difference));
    }
  }

  private ReplayException unreadable(Position snapshot, IllegalArgumentException cause) {
    return new ReplayException(
        "range %d: the snapshot at %s cannot be read: %s"
            .formatted(rangeId, snapshot, cause.getMessage()),
        cause);
  }

  private RangeVerification result(Position from, Position upTo) {
    return new RangeVerification(
        rangeId,
        cut.epoch(),
        from,
        upTo,
        entries,
        cut.keys(),
        snapshots,
        mismatchCount,
        List.copyOf(mismatches));
  }
}
