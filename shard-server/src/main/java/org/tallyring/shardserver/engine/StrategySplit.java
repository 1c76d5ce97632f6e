package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import org.tallyring.proto.internal.v1.SnapshotPiece;
import org.tallyring.proto.internal.v1.SnapshotStrategy;
import org.tallyring.proto.internal.v1.SnapshotStrategy.BucketState;
import org.tallyring.proto.internal.v1.SnapshotStrategy.FrequentKeys;
import org.tallyring.proto.internal.v1.SnapshotStrategy.HitState;
import org.tallyring.proto.internal.v1.SnapshotStrategy.MorrisCounters;
import org.tallyring.proto.internal.v1.SnapshotStrategy.UserSketches;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;

/** The part of {@link NamespaceSplit} that is about what strategies hold beside exact counts. */
final class StrategySplit {

  private final SlotTargets targets;
  private final int home;
  private final RangeTable table;
  private final KeyHash hash;
  private final NamespaceSplit.Sink sink;

  StrategySplit(
      SlotTargets targets, int home, RangeTable table, KeyHash hash, NamespaceSplit.Sink sink) {
    this.targets = targets;
    this.home = home;
    this.table = table;
    this.hash = hash;
    this.sink = sink;
  }

  /**
   * Deals out a piece.
   *
   * @param metric the metric's index in every range
   * @param first whether it is the first of its bucket, or of the hits, in the part
   */
  void add(SnapshotStrategy piece, int metric, boolean first) {
    SnapshotStrategy bounds = bounds(piece).setMetricIndex(metric).build();
    ByRange<SnapshotStrategy.Builder> pieces = new ByRange<>(table, bounds::toBuilder);
    if (isBound(piece)) {
      pieces.ofAll();
    }
    switch (piece.getContentCase()) {
      case METRIC -> pieces.of(home).setMetric(piece.getMetric());
      case BUCKET -> {
        if (first) {
          pieces.of(home).getBucketBuilder().setRevision(piece.getBucket().getRevision());
        }
        addCounts(piece.getBucket(), pieces);
      }
      case HITS -> {
        if (first) {
          pieces.of(home).getHitsBuilder().setPruned(piece.getHits().getPruned());
        }
        addHits(piece.getHits(), pieces);
      }
      case CONTENT_NOT_SET ->
          throw new IllegalArgumentException(
              "the snapshot has a strategy of a kind not known here");
    }
    pieces.forEach(
        (range, built) -> sink.take(range, SnapshotPiece.newBuilder().setStrategy(built).build()));
  }

  /** What of a piece every range that gets some of it has to know. */
  private static SnapshotStrategy.Builder bounds(SnapshotStrategy piece) {
    SnapshotStrategy.Builder bounds = piece.toBuilder();
    if (piece.hasMetric()) {
      bounds.getMetricBuilder().clearHits().clearPruned();
    } else if (piece.hasHits()) {
      bounds.getHitsBuilder().clearPruned().clearSlots().clearAgesMillis().clearDeltas();
    } else if (piece.hasBucket()) {
      BucketState.Builder bucket = bounds.getBucketBuilder().clearRevision();
      switch (bucket.getCountsCase()) {
        case MORRIS -> bucket.getMorrisBuilder().clearSlots().clearExponents();
        case FREQUENT -> bucket.getFrequentBuilder().clearKeys().clearKeyLengths().clearCounts();
        case USERS -> bucket.getUsersBuilder().clearSlots().clearSketches();
        case COUNTS_NOT_SET -> {}
      }
    }
    return bounds;
  }

  /**
   * Whether a piece says something of keys that are not in it: since when counts are whole, or how
   * large the count of a key can be that is not held.
   */
  private static boolean isBound(SnapshotStrategy piece) {
    return switch (piece.getContentCase()) {
      case METRIC, HITS -> true;
      case BUCKET ->
          switch (piece.getBucket().getCountsCase()) {
            case FREQUENT -> piece.getBucket().getFrequent().getMaxError() > 0;
            case COUNTS_NOT_SET -> true;
            case MORRIS, USERS -> false;
          };
      case CONTENT_NOT_SET -> false;
    };
  }

  private void addCounts(BucketState state, ByRange<SnapshotStrategy.Builder> pieces) {
    switch (state.getCountsCase()) {
      case MORRIS -> addMorris(state.getMorris(), pieces);
      case FREQUENT -> addFrequent(state.getFrequent(), pieces);
      case USERS -> addUsers(state.getUsers(), pieces);
      case COUNTS_NOT_SET -> {}
    }
  }

  private void addHits(HitState state, ByRange<SnapshotStrategy.Builder> pieces) {
    int count = state.getSlotsCount();
    NamespaceSplit.require(
        state.getAgesMillisCount() == count && state.getDeltasCount() == count,
        "the snapshot's hits are incomplete");
    for (int i = 0; i < count; i++) {
      int slot = state.getSlots(i);
      pieces
          .of(targets.range(slot))
          .getHitsBuilder()
          .addSlots(targets.slot(slot))
          .addAgesMillis(state.getAgesMillis(i))
          .addDeltas(state.getDeltas(i));
    }
  }

  private void addMorris(MorrisCounters state, ByRange<SnapshotStrategy.Builder> pieces) {
    int count = state.getSlotsCount();
    NamespaceSplit.require(
        state.getExponentsCount() == count, "the snapshot's counters are incomplete");
    for (int i = 0; i < count; i++) {
      int slot = state.getSlots(i);
      pieces
          .of(targets.range(slot))
          .getBucketBuilder()
          .getMorrisBuilder()
          .addSlots(targets.slot(slot))
          .addExponents(state.getExponents(i));
    }
  }

  private void addFrequent(FrequentKeys state, ByRange<SnapshotStrategy.Builder> pieces) {
    NamespaceSplit.require(
        state.getCountsCount() == state.getKeyLengthsCount(),
        "the snapshot's frequent keys are incomplete");
    byte[] bytes = state.getKeys().toByteArray();
    ByRange<ByteString.Output> texts = new ByRange<>(table, ByteString::newOutput);
    int start = 0;
    for (int i = 0; i < state.getKeyLengthsCount(); i++) {
      int length = state.getKeyLengths(i);
      NamespaceSplit.require(
          length >= 0 && length <= bytes.length - start, "the snapshot's keys are cut off");
      int range = table.rangeOf(hash.hash(bytes, start, length));
      pieces
          .of(range)
          .getBucketBuilder()
          .getFrequentBuilder()
          .addKeyLengths(length)
          .addCounts(state.getCounts(i));
      texts.of(range).write(bytes, start, length);
      start += length;
    }
    NamespaceSplit.require(start == bytes.length, "the snapshot's keys are cut off");
    texts.forEach(
        (range, text) ->
            pieces.of(range).getBucketBuilder().getFrequentBuilder().setKeys(text.toByteString()));
  }

  private void addUsers(UserSketches state, ByRange<SnapshotStrategy.Builder> pieces) {
    NamespaceSplit.require(
        state.getSketchesCount() == state.getSlotsCount(),
        "the snapshot's sketches are incomplete");
    for (int i = 0; i < state.getSlotsCount(); i++) {
      int slot = state.getSlots(i);
      pieces
          .of(targets.range(slot))
          .getBucketBuilder()
          .getUsersBuilder()
          .addSlots(targets.slot(slot))
          .addSketches(state.getSketches(i));
    }
  }
}
