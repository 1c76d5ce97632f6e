package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import org.tallyring.proto.internal.v1.SnapshotStrategy;
import org.tallyring.proto.internal.v1.SnapshotStrategy.BucketState;
import org.tallyring.proto.internal.v1.SnapshotStrategy.HitState;
import org.tallyring.proto.internal.v1.SnapshotStrategy.MetricState;
import org.tallyring.proto.internal.v1.SnapshotStrategy.MorrisCounters;
import org.tallyring.proto.internal.v1.SnapshotStrategy.UserSketches;
import org.tallyring.shardserver.engine.strategy.FrequentKeys;
import org.tallyring.shardserver.engine.strategy.HitLog;
import org.tallyring.shardserver.engine.strategy.MorrisScale;
import org.tallyring.shardserver.engine.strategy.UserSketch;

/**
 * Reads what {@link StrategyWriter} wrote, and trusts nothing in it. Parameters out of bounds are
 * refused by the structures themselves.
 */
final class StrategyReader {

  private final MetricCounts metric;
  private final int slots;

  /**
   * A reader.
   *
   * @param slots how many keys the namespace has
   */
  StrategyReader(MetricCounts metric, int slots) {
    this.metric = metric;
    this.slots = slots;
  }

  /**
   * Reads one piece.
   *
   * @throws IllegalArgumentException if it is damaged
   */
  void read(SnapshotStrategy piece) {
    switch (piece.getContentCase()) {
      case METRIC -> readMetric(piece.getMetric());
      case BUCKET -> readBucket(piece.getBucket());
      case HITS -> readHits(piece.getHits());
      case CONTENT_NOT_SET ->
          throw new IllegalArgumentException(
              "the snapshot has a strategy of a kind not known here");
    }
  }

  private void readMetric(MetricState state) {
    metric.restoreStrategy(
        state.getTotalSinceMillis(), state.getSinceMillis(), state.getHits(), state.getPruned());
    metric.buckets().restoreFinestFrom(state.getFinestFromMillis());
  }

  private void readHits(HitState state) {
    HitLog log = metric.log();
    if (log == null) {
      throw new IllegalArgumentException("the snapshot has hits of a metric that keeps none");
    }
    int count = state.getSlotsCount();
    requireEqual("agesMillis", state.getAgesMillisCount(), count);
    requireEqual("deltas", state.getDeltasCount(), count);
    require(
        Integer.bitCount(state.getSweepLength()) == 1
            && state.getSweepLength() > 0
            && state.getSweepSlot() >= 0,
        "the snapshot's sweep has no place");
    if (log.highestMillis() == Long.MIN_VALUE) {
      log.restore(
          state.getHighestMillis(),
          state.getPruned(),
          state.getSweepSlot(),
          state.getSweepLength());
    }
    for (int i = 0; i < count; i++) {
      log.restoreHit(
          checkedSlot(state.getSlots(i)),
          state.getHighestMillis() - state.getAgesMillis(i),
          state.getDeltas(i));
    }
  }

  private void readBucket(BucketState state) {
    // A start that is no border is refused by the bucket.
    BucketCounts bucket =
        metric
            .buckets()
            .forWriting(SnapshotFormat.levelOf(state.getWindow()), state.getStartMillis());
    if (bucket == null) {
      throw new IllegalArgumentException("the snapshot has counts from before what it keeps");
    }
    bucket.restoreRevision(state.getRevision());
    bucket.restoreInheritedQuality(
        new CountQuality(
            state.getMaxError(), state.getStandardError(), CountQuality.NOTHING_MISSING));
    switch (state.getCountsCase()) {
      case MORRIS -> readMorris(bucket, state.getMorris());
      case FREQUENT -> readFrequent(bucket, state.getFrequent());
      case USERS -> readUsers(bucket, state.getUsers());
      case COUNTS_NOT_SET -> {}
    }
  }

  private void readMorris(BucketCounts bucket, MorrisCounters state) {
    MorrisCounts counts = bucket.restoreMorris(state.getBase());
    requireEqual("exponents", state.getExponentsCount(), state.getSlotsCount());
    for (int i = 0; i < state.getSlotsCount(); i++) {
      int exponent = state.getExponents(i);
      require(
          exponent >= 0 && exponent <= MorrisScale.MAX_EXPONENT,
          "the snapshot has an exponent of more than two bytes");
      counts.restore(checkedSlot(state.getSlots(i)), (char) exponent);
    }
  }

  private void readFrequent(BucketCounts bucket, SnapshotStrategy.FrequentKeys state) {
    FrequentKeys frequent = bucket.frequent(state.getMapSize());
    frequent.restore(state.getMaxError());
    requireEqual("counts", state.getCountsCount(), state.getKeyLengthsCount());
    ByteString keys = state.getKeys();
    int start = 0;
    for (int i = 0; i < state.getKeyLengthsCount(); i++) {
      int length = state.getKeyLengths(i);
      require(length >= 0 && length <= keys.size() - start, "the snapshot's keys are cut off");
      byte[] key = keys.substring(start, start + length).toByteArray();
      int dropped = frequent.add(ByteString.copyFrom(key), state.getCounts(i));
      require(dropped == 0, "the snapshot has more frequent keys than fit");
      start += length;
    }
    requireEqual("keys", start, keys.size());
  }

  private void readUsers(BucketCounts bucket, UserSketches state) {
    DistinctCounts counts = bucket.distinct(state.getLog2Registers());
    requireEqual("sketches", state.getSketchesCount(), state.getSlotsCount());
    for (int i = 0; i < state.getSlotsCount(); i++) {
      UserSketch sketch = UserSketch.fromBytes(state.getSketches(i));
      counts.restore(checkedSlot(state.getSlots(i)), sketch);
    }
  }

  private int checkedSlot(int slot) {
    require(slot >= 0 && slot < slots, "the snapshot has counts of an unknown key");
    return slot;
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  private static void requireEqual(String name, long actual, long expected) {
    if (actual != expected) {
      throw new IllegalArgumentException(
          "snapshot " + name + ": " + actual + " (expected: " + expected + ")");
    }
  }
}
