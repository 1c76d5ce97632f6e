package org.tallyring.shardserver.ownership;

import io.micrometer.core.instrument.Timer;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.journal.Position;
import org.tallyring.shardserver.journal.RangeJournal;

/**
 * When a range's snapshots are taken, and taking them: cut on the range's loop, written down and
 * stored beside it, one at a time and when it is the range's turn. Belongs to the loop.
 *
 * <p>A snapshot is due when a replay would read many bytes, or many entries: at rest entries are
 * small, and it is their number that a start would wait for. The second only when they are worth
 * the bytes of a snapshot, so that a large state is not written over and over for a trickle, and
 * not again and again where entries are many and producers and readers need the cores: then a start
 * has the entries of a quarter of a minute more to go through, or the bytes that are a reason
 * alone.
 */
final class SnapshotSchedule {

  private static final Logger log = LoggerFactory.getLogger(SnapshotSchedule.class);

  /** How long after one that failed the next snapshot is tried. */
  private static final long RETRY_MILLIS = 10_000;

  /** How long after a snapshot the number of entries is no reason for the next. */
  private static final long BY_NUMBER_EVERY_MILLIS = 15_000;

  private final int rangeId;
  private final RangeSettings settings;
  private final InstantSource clock;
  private final Executor loop;
  private final SnapshotTurns turns;
  private final ShardMeters meters;
  private final BooleanSupplier serving;
  private boolean underWay;
  private long notBeforeMillis = Long.MIN_VALUE;
  private long notByNumberBeforeMillis = Long.MIN_VALUE;

  /** Entries that a replay would have to go through, and the bytes of the snapshot before them. */
  private long entries;

  private long snapshotBytes;

  /**
   * Nothing is stored yet.
   *
   * @param turns when it may be written, and what by
   * @param serving whether a snapshot that is not stored will be missed
   */
  SnapshotSchedule(
      int rangeId,
      RangeSettings settings,
      InstantSource clock,
      Executor loop,
      SnapshotTurns turns,
      ShardMeters meters,
      BooleanSupplier serving) {
    this.rangeId = rangeId;
    this.settings = settings;
    this.clock = clock;
    this.loop = loop;
    this.turns = turns;
    this.meters = meters;
    this.serving = serving;
  }

  /** The range's state was restored from a snapshot. */
  void restored(List<byte[]> chunks) {
    entries = 0;
    snapshotBytes = bytes(chunks);
  }

  /** An entry was replayed. */
  void replayed() {
    entries++;
  }

  /** An entry was applied; takes a snapshot if one is due. */
  void applied(RangeEngine engine, RangeJournal journal, Position position) {
    entries++;
    if (!underWay && isDue(journal.bytesSinceSnapshot()) && turns.take()) {
      underWay = true;
      store(journal, position, turns.write(() -> engine.cut(journal.maxEntryBytes())));
    }
  }

  private boolean isDue(long journalBytes) {
    long now = clock.millis();
    if (now < notBeforeMillis) {
      return false;
    }
    return journalBytes >= settings.snapshotBytes()
        || (now >= notByNumberBeforeMillis
            && entries >= settings.snapshotEntries()
            && journalBytes >= snapshotBytes);
  }

  /** Stores what is written beside the loop, which goes on with the next entries meanwhile. */
  private void store(
      RangeJournal journal, Position position, CompletableFuture<List<byte[]>> written) {
    entries = 0;
    notByNumberBeforeMillis = clock.millis() + BY_NUMBER_EVERY_MILLIS;
    Timer.Sample begun = meters.begin();
    written
        .thenComposeAsync(
            chunks -> {
              snapshotBytes = bytes(chunks);
              return journal.snapshot(position, chunks);
            },
            loop)
        .whenCompleteAsync(
            (stored, failure) -> {
              underWay = false;
              meters.snapshotted(begun, failure == null);
              // One that a release or a loss overtakes is not missed.
              if (failure != null && serving.getAsBoolean()) {
                notBeforeMillis = clock.millis() + RETRY_MILLIS;
                log.warn(
                    "range {}: snapshot not stored, the next one is tried later", rangeId, failure);
              }
            },
            loop);
  }

  private static long bytes(List<byte[]> chunks) {
    return chunks.stream().mapToLong(chunk -> chunk.length).sum();
  }
}
