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
import org.tallyring.topology.window.WindowLevel;

/** The part of {@link NamespaceMerge} that is about what strategies hold beside exact counts. */
final class StrategyMerge {

  private final MetricCounts metric;
  private final int slots;
  private long absoluteSum;

  /**
   * Adds to a metric.
   *
   * @param slots how many keys the namespace has
   */
  StrategyMerge(MetricCounts metric, int slots) {
    this.metric = metric;
    this.slots = slots;
  }

  long absoluteSum() {
    return absoluteSum;
  }

  void add(SnapshotStrategy piece) {
    switch (piece.getContentCase()) {
      case METRIC -> addMetric(piece.getMetric());
      case BUCKET -> addBucket(piece.getBucket());
      case HITS -> addHits(piece.getHits());
      case CONTENT_NOT_SET ->
          throw new IllegalArgumentException(
              "the snapshot has a strategy of a kind not known here");
    }
  }

  private void addMetric(MetricState state) {
    metric.restoreStrategy(
        Math.max(metric.totalSinceMillis(), state.getTotalSinceMillis()),
        Math.max(metric.sinceMillis(), state.getSinceMillis()),
        metric.hits() + state.getHits(),
        metric.prunedBesideLog() + state.getPruned());
    MetricBuckets buckets = metric.buckets();
    buckets.restoreFinestFrom(Math.max(buckets.finestFromMillis(), state.getFinestFromMillis()));
    buckets.retire();
  }

  private void addHits(HitState state) {
    HitLog log = metric.log();
    if (log == null) {
      throw new IllegalArgumentException("the snapshot has hits of a metric that keeps none");
    }
    int count = state.getSlotsCount();
    require(
        state.getAgesMillisCount() == count && state.getDeltasCount() == count,
        "the snapshot's hits are incomplete");
    log.merge(state.getHighestMillis(), state.getPruned());
    for (int i = 0; i < count; i++) {
      absoluteSum = AbsoluteSum.add(absoluteSum, AbsoluteSum.of(state.getDeltas(i)));
      log.mergeHit(
          checkedSlot(state.getSlots(i)),
          state.getHighestMillis() - state.getAgesMillis(i),
          state.getDeltas(i));
    }
  }

  private void addBucket(BucketState state) {
    WindowLevel level = SnapshotFormat.levelOf(state.getWindow());
    long start = NamespaceMerge.checkedStart(metric, level, state.getStartMillis());
    BucketCounts bucket = metric.buckets().forWriting(level, start);
    if (bucket == null) {
      return;
    }
    bucket.restoreRevision(bucket.revision() + state.getRevision());
    bucket.restoreInheritedQuality(
        bucket
            .inheritedQuality()
            .or(
                new CountQuality(
                    state.getMaxError(), state.getStandardError(), CountQuality.NOTHING_MISSING)));
    switch (state.getCountsCase()) {
      case MORRIS -> addMorris(bucket, state.getMorris());
      case FREQUENT -> addFrequent(bucket, state.getFrequent());
      case USERS -> addUsers(bucket, state.getUsers());
      case COUNTS_NOT_SET -> {}
    }
  }

  private void addMorris(BucketCounts bucket, MorrisCounters state) {
    int count = state.getSlotsCount();
    require(state.getExponentsCount() == count, "the snapshot's counters are incomplete");
    int[] at = new int[count];
    char[] exponents = new char[count];
    for (int i = 0; i < count; i++) {
      int exponent = state.getExponents(i);
      require(
          exponent >= 0 && exponent <= MorrisScale.MAX_EXPONENT,
          "the snapshot has an exponent of more than two bytes");
      at[i] = checkedSlot(state.getSlots(i));
      exponents[i] = (char) exponent;
    }
    MorrisScale scale = new MorrisScale(state.getBase());
    bucket.mergeMorris(metric.strategy(), scale, at, exponents);
    for (char exponent : exponents) {
      absoluteSum = AbsoluteSum.add(absoluteSum, scale.count(exponent));
    }
  }

  /**
   * The counts are the least that each key can have. A key is in one range, so what is missing at
   * most is the larger of the errors, not their sum; of the keys that are not held too.
   */
  private void addFrequent(BucketCounts bucket, SnapshotStrategy.FrequentKeys state) {
    require(
        state.getCountsCount() == state.getKeyLengthsCount() && state.getMaxError() >= 0,
        "the snapshot's frequent keys are incomplete");
    FrequentKeys frequent = bucket.frequent(state.getMapSize());
    frequent.restore(Math.max(frequent.maxError(), state.getMaxError()));
    ByteString keys = state.getKeys();
    int start = 0;
    long dropped = 0;
    for (int i = 0; i < state.getKeyLengthsCount(); i++) {
      int length = state.getKeyLengths(i);
      require(length >= 0 && length <= keys.size() - start, "the snapshot's keys are cut off");
      dropped += frequent.add(NamespaceMerge.copy(keys, start, length), state.getCounts(i));
      absoluteSum = AbsoluteSum.add(absoluteSum, AbsoluteSum.of(state.getCounts(i)));
      start += length;
    }
    require(start == keys.size(), "the snapshot's keys are cut off");
    metric.restoreStrategy(
        metric.totalSinceMillis(),
        metric.sinceMillis(),
        metric.hits(),
        metric.prunedBesideLog() + dropped);
  }

  private void addUsers(BucketCounts bucket, UserSketches state) {
    require(
        state.getSketchesCount() == state.getSlotsCount(),
        "the snapshot's sketches are incomplete");
    DistinctCounts counts = bucket.distinct(state.getLog2Registers());
    for (int i = 0; i < state.getSlotsCount(); i++) {
      counts.restore(checkedSlot(state.getSlots(i)), UserSketch.fromBytes(state.getSketches(i)));
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
}
