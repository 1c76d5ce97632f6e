package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.List;
import org.tallyring.proto.internal.v1.SnapshotBucket;
import org.tallyring.proto.internal.v1.SnapshotEventIds;
import org.tallyring.proto.internal.v1.SnapshotNamespace;
import org.tallyring.proto.internal.v1.SnapshotPiece;
import org.tallyring.topology.window.WindowLevel;

/**
 * Puts a namespace together of pieces that {@link NamespaceSplit} made of several ranges'
 * snapshots.
 *
 * <p>Counts belong to keys, and a key is in one range, so they are taken over as they are. What
 * belongs to a range as a whole is merged so that nothing is promised that does not hold for all of
 * its keys: the highest watermark, the latest edges of what is kept, the latest moments since which
 * counts are whole, the largest errors.
 *
 * <p>Nothing in a piece is trusted. After an exception the namespace must not be used.
 */
final class NamespaceMerge {

  private final NamespaceCounts namespace;
  private long absoluteSum;

  /** Adds to a namespace. */
  NamespaceMerge(NamespaceCounts namespace) {
    this.namespace = namespace;
  }

  /** What was added, as a bound of what any count, also of a span, can have grown by. */
  long absoluteSum() {
    return absoluteSum;
  }

  /**
   * Adds a piece.
   *
   * @throws IllegalArgumentException if it is damaged or does not belong here
   */
  void add(SnapshotPiece piece) {
    switch (piece.getContentCase()) {
      case NAMESPACE -> addHead(piece.getNamespace());
      case KEYS -> SnapshotReader.readKeys(namespace, piece.getKeys());
      case EVENT_IDS -> addEventIds(piece.getEventIds());
      case BUCKET -> addBucket(piece.getBucket());
      case STRATEGY -> {
        StrategyMerge merge =
            new StrategyMerge(
                metric(piece.getStrategy().getMetricIndex()), namespace.keys().size());
        merge.add(piece.getStrategy());
        absoluteSum = AbsoluteSum.add(absoluteSum, merge.absoluteSum());
      }
      case HEAD, SESSIONS, EVENTS, CONTENT_NOT_SET ->
          throw new IllegalArgumentException(
              "the snapshot has a piece that belongs to no namespace: " + piece.getContentCase());
    }
  }

  private void addHead(SnapshotNamespace head) {
    int metrics = head.getMetricsCount();
    require(
        head.getLateCorrectionsCount() == metrics
            && head.getLateIncrementsCount() == metrics
            && head.getBeyondRetentionCount() == metrics
            && head.getKeptFromMillisCount() == RetentionEdges.LEVELS.length,
        "the snapshot's namespace is incomplete");
    for (int i = 0; i < metrics; i++) {
      MetricCounts metric = namespace.metricForWriting(head.getMetrics(i));
      require(
          namespace.metrics().indexOf(metric) == i, "the snapshot's metrics change their order");
      metric.restore(
          metric.lateCorrections() + head.getLateCorrections(i),
          metric.lateIncrements() + head.getLateIncrements(i),
          metric.beyondRetention() + head.getBeyondRetention(i));
    }
    namespace.keepLess(head.getWatermarkMillis(), head.getKeptFromMillisList());
  }

  private void addEventIds(SnapshotEventIds piece) {
    int count = piece.getSlotsCount();
    require(
        piece.getIdLengthsCount() == count
            && piece.getPayloadsCount() == count
            && piece.getAcceptedAtCount() == count
            && piece.getForgottenBefore() >= 0
            && piece.getForgottenBefore() <= EventIdTable.MAX_TICK,
        "the snapshot's event ids are incomplete");
    EventIdTable table = namespace.eventIdsForWriting();
    table.restoreForgottenBefore(
        Math.max(table.forgottenBefore(), Math.toIntExact(piece.getForgottenBefore())));
    ByteBuffer ids = piece.getIds().asReadOnlyByteBuffer();
    int start = 0;
    for (int i = 0; i < count; i++) {
      int length = piece.getIdLengths(i);
      int tick = piece.getAcceptedAt(i);
      require(
          length >= 1 && length <= Math.min(EventId.MAX_LENGTH, ids.limit() - start),
          "the snapshot's event ids are cut off");
      require(tick >= 0 && tick <= EventIdTable.MAX_TICK, "the snapshot has an id of no time");
      int slot = checkedSlot(piece.getSlots(i));
      if (tick >= table.forgottenBefore()) {
        require(
            table.restore(EventId.of(ids, start, length), slot, piece.getPayloads(i), tick),
            "the snapshot has an event id twice");
      }
      start += length;
    }
    require(start == ids.limit(), "the snapshot's event ids are cut off");
  }

  private void addBucket(SnapshotBucket piece) {
    int count = piece.getSlotsCount();
    require(piece.getCountsCount() == count, "the snapshot's counts are incomplete");
    MetricCounts metric = metric(piece.getMetricIndex());
    WindowLevel level = SnapshotFormat.levelOf(piece.getWindow());
    long start = checkedStart(metric, level, piece.getStartMillis());
    int[] slots = new int[count];
    long[] counts = new long[count];
    for (int i = 0; i < count; i++) {
      slots[i] = checkedSlot(piece.getSlots(i));
      counts[i] = piece.getCounts(i);
      absoluteSum = AbsoluteSum.add(absoluteSum, AbsoluteSum.of(counts[i]));
    }
    if (metric.buckets().find(level, start) == null) {
      // As in a snapshot's reader: what was sealed must not need many times its memory here.
      namespace.seal();
    }
    BucketCounts bucket = metric.buckets().forWriting(level, start);
    if (bucket != null) {
      bucket.restoreRevision(bucket.revision() + piece.getRevision());
      bucket.mergeExact(metric.strategy(), slots, counts);
    }
  }

  /** The start, if a bucket can begin there. */
  static long checkedStart(MetricCounts metric, WindowLevel level, long start) {
    require(
        start >= WindowLevel.MIN_TIME_MILLIS
            && start < WindowLevel.MAX_TIME_MILLIS
            && metric.buckets().width().start(level, start) == start,
        "the snapshot has counts of a bucket that there is not");
    return start;
  }

  private MetricCounts metric(int index) {
    List<MetricCounts> metrics = namespace.metrics();
    require(index >= 0 && index < metrics.size(), "the snapshot has counts of an unknown metric");
    return metrics.get(index);
  }

  private int checkedSlot(int slot) {
    require(
        slot >= 0 && slot < namespace.keys().size(), "the snapshot has counts of an unknown key");
    return slot;
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /** A copy of a part of some bytes, so that a small part does not keep all of them. */
  static ByteString copy(ByteString bytes, int start, int length) {
    return ByteString.copyFrom(bytes.substring(start, start + length).toByteArray());
  }
}
