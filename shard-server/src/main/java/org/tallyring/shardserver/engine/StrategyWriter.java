package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.function.Consumer;
import org.tallyring.proto.internal.v1.SnapshotPiece;
import org.tallyring.proto.internal.v1.SnapshotStrategy;
import org.tallyring.proto.internal.v1.SnapshotStrategy.BucketState;
import org.tallyring.proto.internal.v1.SnapshotStrategy.HitState;
import org.tallyring.proto.internal.v1.SnapshotStrategy.MetricState;
import org.tallyring.proto.internal.v1.SnapshotStrategy.MorrisCounters;
import org.tallyring.proto.internal.v1.SnapshotStrategy.UserSketches;
import org.tallyring.shardserver.engine.strategy.FrequentKeys;
import org.tallyring.shardserver.engine.strategy.HitLog;

/**
 * Writes what the strategy of one metric holds beside exact counts.
 *
 * <p>Exponents, hits, sketches and frequent keys are frozen and become pieces when the cut is
 * written.
 */
final class StrategyWriter {

  // Bounds of what protobuf makes of one element.
  private static final int COUNTER_BYTES = 5 + 3;
  private static final int KEY_BYTES = 3 + 10;
  private static final int SKETCH_BYTES = 5 + 5;
  private static final int HIT_BYTES = 5 + 10 + 10;

  private final int metricIndex;
  private final int maxContentBytes;
  private final SnapshotCut.Parts parts;

  /**
   * A writer.
   *
   * @param maxContentBytes how much the elements of a piece may take
   * @param parts where pieces go, and what writes some later
   */
  StrategyWriter(int metricIndex, int maxContentBytes, SnapshotCut.Parts parts) {
    this.metricIndex = metricIndex;
    this.maxContentBytes = maxContentBytes;
    this.parts = parts;
  }

  /** Writes what does not belong to a bucket. */
  void writeMetric(MetricCounts metric) {
    parts.now(
        piece(
            SnapshotStrategy.newBuilder()
                .setMetric(
                    MetricState.newBuilder()
                        .setHits(metric.hits())
                        .setPruned(metric.prunedBesideLog())
                        .setTotalSinceMillis(metric.totalSinceMillis())
                        .setSinceMillis(metric.sinceMillis())
                        .setFinestFromMillis(metric.buckets().finestFromMillis()))));
    HitLog log = metric.log();
    if (log != null) {
      HitLog frozen = log.frozen();
      parts.later(pieces -> writeHits(frozen, pieces));
    }
  }

  private void writeHits(HitLog log, Consumer<SnapshotPiece> pieces) {
    HitState.Builder hits =
        HitState.newBuilder()
            .setHighestMillis(log.highestMillis())
            .setPruned(log.pruned())
            .setSweepSlot(log.sweepSlot())
            .setSweepLength(log.sweepLength());
    int perPiece = maxContentBytes / HIT_BYTES;
    log.forEachHit(
        (slot, timeMillis, delta) -> {
          if (hits.getSlotsCount() == perPiece) {
            pieces.accept(piece(SnapshotStrategy.newBuilder().setHits(hits)));
            hits.clearSlots().clearAgesMillis().clearDeltas();
          }
          hits.addSlots(slot).addAgesMillis(log.highestMillis() - timeMillis).addDeltas(delta);
        });
    pieces.accept(piece(SnapshotStrategy.newBuilder().setHits(hits)));
  }

  /**
   * Writes what a bucket holds beside exact counts.
   *
   * @return whether its counts are exact and have to be written as such
   */
  boolean writeBucket(BucketCounts bucket) {
    CountQuality inherited = bucket.inheritedQuality();
    BucketState.Builder state =
        BucketState.newBuilder()
            .setWindow(SnapshotFormat.numberOf(bucket.level()))
            .setStartMillis(bucket.startMillis())
            .setRevision(bucket.revision())
            .setMaxError(inherited.maxError())
            .setStandardError(inherited.standardError());
    if (bucket.counts() instanceof MorrisCounts morris) {
      MorrisCounts frozen = morris.frozen();
      parts.later(pieces -> writeMorris(state, frozen, pieces));
    } else if (bucket.counts() instanceof DistinctCounts distinct) {
      DistinctCounts frozen = distinct.frozen();
      parts.later(pieces -> writeUsers(state, frozen, pieces));
    } else {
      FrequentKeys frequent = bucket.frequent();
      if (frequent != null) {
        FrequentKeys frozen = frequent.frozen();
        parts.later(pieces -> writeFrequent(state, frozen, pieces));
      } else if (!inherited.equals(CountQuality.EXACT)) {
        parts.now(piece(SnapshotStrategy.newBuilder().setBucket(state)));
      }
      return frequent == null;
    }
    return false;
  }

  private void writeMorris(
      BucketState.Builder state, MorrisCounts counts, Consumer<SnapshotPiece> pieces) {
    MorrisCounters.Builder counters = MorrisCounters.newBuilder().setBase(counts.scale().base());
    int perPiece = maxContentBytes / COUNTER_BYTES;
    counts.forEachRising(
        (slot, count) -> {
          if (counters.getSlotsCount() == perPiece) {
            pieces.accept(
                piece(SnapshotStrategy.newBuilder().setBucket(state.setMorris(counters))));
            counters.clearSlots().clearExponents();
          }
          counters.addSlots(slot).addExponents(counts.exponent(slot));
        });
    pieces.accept(piece(SnapshotStrategy.newBuilder().setBucket(state.setMorris(counters))));
  }

  private void writeUsers(
      BucketState.Builder state, DistinctCounts counts, Consumer<SnapshotPiece> pieces) {
    UserSketches.Builder sketches =
        UserSketches.newBuilder().setLog2Registers(counts.log2Registers());
    int[] contentBytes = new int[1];
    counts.forEachSketch(
        (slot, sketch) -> {
          ByteString bytes = sketch.toBytes();
          int needed = bytes.size() + SKETCH_BYTES;
          if (contentBytes[0] + needed > maxContentBytes && contentBytes[0] > 0) {
            pieces.accept(piece(SnapshotStrategy.newBuilder().setBucket(state.setUsers(sketches))));
            sketches.clearSlots().clearSketches();
            contentBytes[0] = 0;
          }
          sketches.addSlots(slot).addSketches(bytes);
          contentBytes[0] += needed;
        });
    pieces.accept(piece(SnapshotStrategy.newBuilder().setBucket(state.setUsers(sketches))));
  }

  private void writeFrequent(
      BucketState.Builder state, FrequentKeys frequent, Consumer<SnapshotPiece> pieces) {
    SnapshotStrategy.FrequentKeys.Builder keys =
        SnapshotStrategy.FrequentKeys.newBuilder()
            .setMapSize(frequent.mapSize())
            .setMaxError(frequent.maxError());
    ByteString.Output bytes = ByteString.newOutput();
    int contentBytes = 0;
    for (FrequentKeys.Entry entry : frequent.entries()) {
      int needed = entry.key().size() + KEY_BYTES;
      if (contentBytes + needed > maxContentBytes && contentBytes > 0) {
        keys.setKeys(bytes.toByteString());
        pieces.accept(piece(SnapshotStrategy.newBuilder().setBucket(state.setFrequent(keys))));
        keys.clearKeyLengths().clearCounts();
        bytes.reset();
        contentBytes = 0;
      }
      bytes.write(entry.key().toByteArray(), 0, entry.key().size());
      keys.addKeyLengths(entry.key().size()).addCounts(entry.count());
      contentBytes += needed;
    }
    keys.setKeys(bytes.toByteString());
    pieces.accept(piece(SnapshotStrategy.newBuilder().setBucket(state.setFrequent(keys))));
  }

  private SnapshotPiece piece(SnapshotStrategy.Builder content) {
    return SnapshotPiece.newBuilder().setStrategy(content.setMetricIndex(metricIndex)).build();
  }
}
