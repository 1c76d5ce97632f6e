package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.SnapshotBucket;
import org.tallyring.proto.internal.v1.SnapshotEventIds;
import org.tallyring.proto.internal.v1.SnapshotKeys;
import org.tallyring.proto.internal.v1.SnapshotNamespace;
import org.tallyring.proto.internal.v1.SnapshotPiece;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;

/**
 * Deals a namespace's snapshot, range by range of the cluster it was taken in, out to the ranges of
 * another cluster, or of another name: both change where a key belongs.
 *
 * <p>Counts go with their keys. What belongs to a range as a whole and is a sum (revisions, late
 * increments, hits) goes to one range, {@link #home}, so that the sums over all ranges stay what
 * they are. What is a bound (the watermark, edges, errors) goes to every range, since a key with it
 * may.
 *
 * <p>Slots count on through all parts, so a range's pieces need nothing but each other. Not
 * thread-safe. The input is not trusted: what cannot be dealt out is refused.
 */
public final class NamespaceSplit {

  /** Takes pieces. */
  @FunctionalInterface
  public interface Sink {
    /** Takes the next piece of a range. */
    void take(int rangeId, SnapshotPiece piece);
  }

  private final RangeTable table;
  private final KeyHash hash;
  private final Sink sink;

  /** How many keys each range has by now. */
  private final int[] keyCounts;

  /** All metrics so far, in the order in which every range knows them. */
  private final Set<String> metrics = new LinkedHashSet<>();

  // Of the present part.
  private boolean begun;
  private int home;
  private int[] metricIndexes = {};
  private SlotTargets targets = new SlotTargets();

  private record Bucket(int metric, int window, long startMillis) {}

  /** The bucket of the last piece: its revision is told once. */
  private @Nullable Bucket lastBucket;

  /**
   * Nothing dealt out yet.
   *
   * @param namespace the name that the namespace will have
   * @param table the ranges that there are where it will be
   */
  public NamespaceSplit(String namespace, RangeTable table, Sink sink) {
    this.table = table;
    this.hash = new KeyHash(namespace);
    this.sink = sink;
    this.keyCounts = new int[table.rangeCount()];
  }

  /** How many keys there were so far. */
  public long keys() {
    long keys = 0;
    for (int count : keyCounts) {
      keys += count;
    }
    return keys;
  }

  /**
   * Begins the next part.
   *
   * @param part the range that it is of
   */
  public void begin(int part) {
    begun = false;
    home = part % table.rangeCount();
    targets = new SlotTargets();
    lastBucket = null;
  }

  /**
   * Deals out a chunk of the present part.
   *
   * @throws IllegalArgumentException if it is damaged
   */
  public void add(byte[] chunk) {
    SnapshotPieces.read(chunk, this::add);
  }

  private void add(SnapshotPiece piece) {
    require(begun != piece.hasNamespace(), "the snapshot's part does not begin with a namespace");
    switch (piece.getContentCase()) {
      case NAMESPACE -> addHead(piece.getNamespace());
      case KEYS -> addKeys(piece.getKeys());
      case EVENT_IDS -> addEventIds(piece.getEventIds());
      case BUCKET -> addBucket(piece.getBucket());
      case STRATEGY -> {
        int metric = metricIndex(piece.getStrategy().getMetricIndex());
        // Hits have no bucket; as the window that there is not they differ from all others.
        boolean first =
            !piece.getStrategy().hasMetric()
                && isFirstOf(
                    metric,
                    piece.getStrategy().getBucket().getWindow(),
                    piece.getStrategy().getBucket().getStartMillis());
        new StrategySplit(targets, home, table, hash, sink).add(piece.getStrategy(), metric, first);
      }
      case HEAD, SESSIONS, EVENTS, CONTENT_NOT_SET ->
          throw new IllegalArgumentException(
              "the snapshot has a piece that belongs to no namespace: " + piece.getContentCase());
    }
  }

  private void addHead(SnapshotNamespace head) {
    int count = head.getMetricsCount();
    require(
        head.getLateCorrectionsCount() == count
            && head.getLateIncrementsCount() == count
            && head.getBeyondRetentionCount() == count
            && head.getKeptFromMillisCount() == RetentionEdges.LEVELS.length,
        "the snapshot's namespace is incomplete");
    begun = true;
    metrics.addAll(head.getMetricsList());
    List<String> ordered = List.copyOf(metrics);
    metricIndexes = head.getMetricsList().stream().mapToInt(ordered::indexOf).toArray();
    SnapshotNamespace.Builder bounds =
        SnapshotNamespace.newBuilder()
            .setWatermarkMillis(head.getWatermarkMillis())
            .addAllKeptFromMillis(head.getKeptFromMillisList())
            .addAllMetrics(ordered);
    SnapshotNamespace.Builder sums = bounds.clone();
    for (String metric : ordered) {
      int index = head.getMetricsList().indexOf(metric);
      bounds.addLateCorrections(0).addLateIncrements(0).addBeyondRetention(0);
      sums.addLateCorrections(index < 0 ? 0 : head.getLateCorrections(index))
          .addLateIncrements(index < 0 ? 0 : head.getLateIncrements(index))
          .addBeyondRetention(index < 0 ? 0 : head.getBeyondRetention(index));
    }
    for (int range = 0; range < table.rangeCount(); range++) {
      sink.take(
          range, SnapshotPiece.newBuilder().setNamespace(range == home ? sums : bounds).build());
    }
  }

  private void addKeys(SnapshotKeys piece) {
    byte[] bytes = piece.getKeys().toByteArray();
    ByRange<SnapshotKeys.Builder> keys = new ByRange<>(table, SnapshotKeys::newBuilder);
    ByRange<ByteString.Output> texts = new ByRange<>(table, ByteString::newOutput);
    int start = 0;
    for (int length : piece.getKeyLengthsList()) {
      require(length >= 0 && length <= bytes.length - start, "the snapshot's keys are cut off");
      int range = table.rangeOf(hash.hash(bytes, start, length));
      targets.add(range, keyCounts[range]++);
      keys.of(range).addKeyLengths(length);
      texts.of(range).write(bytes, start, length);
      start += length;
    }
    require(start == bytes.length, "the snapshot's keys are cut off");
    keys.forEach(
        (range, built) ->
            sink.take(
                range,
                SnapshotPiece.newBuilder()
                    .setKeys(built.setKeys(texts.of(range).toByteString()))
                    .build()));
  }

  private void addEventIds(SnapshotEventIds piece) {
    int count = piece.getSlotsCount();
    require(
        piece.getIdLengthsCount() == count
            && piece.getPayloadsCount() == count
            && piece.getAcceptedAtCount() == count,
        "the snapshot's event ids are incomplete");
    ByRange<SnapshotEventIds.Builder> ids =
        new ByRange<>(
            table,
            () -> SnapshotEventIds.newBuilder().setForgottenBefore(piece.getForgottenBefore()));
    ByRange<ByteString.Output> texts = new ByRange<>(table, ByteString::newOutput);
    byte[] bytes = piece.getIds().toByteArray();
    int start = 0;
    for (int i = 0; i < count; i++) {
      int length = piece.getIdLengths(i);
      require(length >= 0 && length <= bytes.length - start, "the snapshot's ids are cut off");
      int range = targets.range(piece.getSlots(i));
      ids.of(range)
          .addIdLengths(length)
          .addSlots(targets.slot(piece.getSlots(i)))
          .addPayloads(piece.getPayloads(i))
          .addAcceptedAt(piece.getAcceptedAt(i));
      texts.of(range).write(bytes, start, length);
      start += length;
    }
    require(start == bytes.length, "the snapshot's ids are cut off");
    // What is forgotten is a bound.
    ids.ofAll();
    ids.forEach(
        (range, built) ->
            sink.take(
                range,
                SnapshotPiece.newBuilder()
                    .setEventIds(built.setIds(texts.of(range).toByteString()))
                    .build()));
  }

  private void addBucket(SnapshotBucket piece) {
    int count = piece.getSlotsCount();
    require(piece.getCountsCount() == count, "the snapshot's counts are incomplete");
    int metric = metricIndex(piece.getMetricIndex());
    ByRange<SnapshotBucket.Builder> buckets =
        new ByRange<>(
            table,
            () ->
                SnapshotBucket.newBuilder()
                    .setMetricIndex(metric)
                    .setWindow(piece.getWindow())
                    .setStartMillis(piece.getStartMillis()));
    if (isFirstOf(metric, piece.getWindow(), piece.getStartMillis())) {
      buckets.of(home).setRevision(piece.getRevision());
    }
    for (int i = 0; i < count; i++) {
      int slot = piece.getSlots(i);
      buckets.of(targets.range(slot)).addSlots(targets.slot(slot)).addCounts(piece.getCounts(i));
    }
    buckets.forEach(
        (range, built) -> sink.take(range, SnapshotPiece.newBuilder().setBucket(built).build()));
  }

  /** Whether a piece is about another bucket than the one before; a bucket may have several. */
  private boolean isFirstOf(int metric, int window, long startMillis) {
    Bucket bucket = new Bucket(metric, window, startMillis);
    boolean first = !bucket.equals(lastBucket);
    lastBucket = bucket;
    return first;
  }

  private int metricIndex(int ofPart) {
    require(
        ofPart >= 0 && ofPart < metricIndexes.length,
        "the snapshot has counts of an unknown metric");
    return metricIndexes[ofPart];
  }

  static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
