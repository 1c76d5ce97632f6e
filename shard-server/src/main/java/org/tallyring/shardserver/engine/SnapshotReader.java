package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.SnapshotBucket;
import org.tallyring.proto.internal.v1.SnapshotEventIds;
import org.tallyring.proto.internal.v1.SnapshotHead;
import org.tallyring.proto.internal.v1.SnapshotKeys;
import org.tallyring.proto.internal.v1.SnapshotNamespace;
import org.tallyring.proto.internal.v1.SnapshotPiece;
import org.tallyring.proto.internal.v1.SnapshotSessions;
import org.tallyring.proto.internal.v1.SnapshotStrategy;
import org.tallyring.topology.window.WindowLevel;

/**
 * Reads what {@link SnapshotWriter} wrote, and trusts nothing in it: a damaged snapshot must fail
 * here, where the one before it can be taken, not give wrong counts later.
 */
final class SnapshotReader {

  private final RangeState state;
  private boolean headRead;
  private @Nullable NamespaceCounts namespace;

  private SnapshotReader(int rangeId) {
    state = new RangeState(rangeId);
  }

  /**
   * The state in a snapshot.
   *
   * @throws IllegalArgumentException if it cannot be read, or is of another range or layout
   */
  static RangeState read(int rangeId, List<byte[]> chunks) {
    SnapshotReader reader = new SnapshotReader(rangeId);
    forEachPiece(chunks, reader::read);
    require(reader.headRead, "the snapshot has no head");
    return reader.state;
  }

  /** Whether two snapshots, cut into chunks of the same size, are of the same state. */
  static boolean isSame(List<byte[]> one, List<byte[]> other) {
    if (one.size() != other.size()) {
      return false;
    }
    for (int i = 0; i < one.size(); i++) {
      if (!Arrays.equals(one.get(i), other.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** The kind of the first piece that two snapshots differ in, for example {@code events}. */
  static String firstDifference(List<byte[]> one, List<byte[]> other) {
    Iterator<SnapshotPiece> others = pieces(other).iterator();
    for (SnapshotPiece piece : pieces(one)) {
      SnapshotPiece beside = others.hasNext() ? others.next() : SnapshotPiece.getDefaultInstance();
      if (!piece.equals(beside)) {
        return piece.getContentCase().name().toLowerCase(Locale.ROOT);
      }
    }
    return others.hasNext()
        ? others.next().getContentCase().name().toLowerCase(Locale.ROOT)
        : "snapshot";
  }

  private static List<SnapshotPiece> pieces(List<byte[]> chunks) {
    List<SnapshotPiece> pieces = new ArrayList<>();
    forEachPiece(chunks, pieces::add);
    return pieces;
  }

  private static void forEachPiece(List<byte[]> chunks, Consumer<SnapshotPiece> consumer) {
    chunks.forEach(chunk -> SnapshotPieces.read(chunk, consumer));
  }

  private void read(SnapshotPiece piece) {
    require(
        headRead != piece.hasHead(), "the snapshot's head is not its first piece, or not its only");
    switch (piece.getContentCase()) {
      case HEAD -> readHead(piece.getHead());
      case SESSIONS -> readSessions(piece.getSessions());
      case NAMESPACE -> namespace = readNamespace(piece.getNamespace());
      case KEYS -> readKeys(begun(), piece.getKeys());
      case EVENT_IDS -> readEventIds(begun(), piece.getEventIds());
      case BUCKET -> readBucket(begun(), piece.getBucket());
      case STRATEGY -> readStrategy(begun(), piece.getStrategy());
      case EVENTS -> EventPieces.read(state, piece.getEvents());
      case CONTENT_NOT_SET ->
          throw new IllegalArgumentException("the snapshot has a piece of a kind not known here");
    }
  }

  private void readHead(SnapshotHead head) {
    requireEqual("format", head.getFormat(), SnapshotFormat.NUMBER);
    requireEqual("rangeId", head.getRangeId(), state.rangeId);
    headRead = true;
    state.journalTimeMillis = head.getJournalTimeMillis();
    state.sessions.restoreSweptAt(head.getSessionsSweptAtMillis());
    state.increments = head.getIncrements();
    state.absoluteSum = head.getAbsoluteSum();
    state.deletedNamespaceUids.addAll(head.getDeletedNamespaceUidsList());
  }

  private void readSessions(SnapshotSessions sessions) {
    int count = sessions.getSequencesCount();
    ByteString ids = sessions.getSessionIds();
    requireEqual("sessionIds", ids.size(), (long) count * BatchValidator.SESSION_ID_BYTES);
    requireEqual("appliedAtMillis", sessions.getAppliedAtMillisCount(), count);
    for (int i = 0; i < count; i++) {
      int start = i * BatchValidator.SESSION_ID_BYTES;
      byte[] id = ids.substring(start, start + BatchValidator.SESSION_ID_BYTES).toByteArray();
      state.sessions.restore(
          ByteString.copyFrom(id), sessions.getSequences(i), sessions.getAppliedAtMillis(i));
    }
  }

  private NamespaceCounts readNamespace(SnapshotNamespace begin) {
    int metrics = begin.getMetricsCount();
    requireEqual("lateCorrections", begin.getLateCorrectionsCount(), metrics);
    requireEqual("lateIncrements", begin.getLateIncrementsCount(), metrics);
    requireEqual("beyondRetention", begin.getBeyondRetentionCount(), metrics);
    requireEqual("keptFromMillis", begin.getKeptFromMillisCount(), RetentionEdges.LEVELS.length);
    NamespaceCounts restored = new NamespaceCounts(begin.getUid(), begin.getName());
    restored.restore(
        begin.hasDefinition() ? begin.getDefinition() : null, begin.getWatermarkMillis());
    for (int i = 0; i < RetentionEdges.LEVELS.length; i++) {
      restored.edges().restore(RetentionEdges.LEVELS[i], begin.getKeptFromMillis(i));
    }
    for (int i = 0; i < metrics; i++) {
      restored
          .metricForWriting(begin.getMetrics(i))
          .restore(
              begin.getLateCorrections(i), begin.getLateIncrements(i), begin.getBeyondRetention(i));
    }
    requireEqual("distinct metrics", restored.metrics().size(), metrics);
    if (begin.hasRestore()) {
      state.restores.restore(new Restores.Restore(restored, begin.getRestore()));
      return restored;
    }
    require(
        state.namespaces.put(begin.getUid(), restored) == null,
        "the snapshot has a namespace twice");
    return restored;
  }

  /** Adds keys to those of a namespace. */
  static void readKeys(NamespaceCounts namespace, SnapshotKeys piece) {
    byte[] bytes = piece.getKeys().toByteArray();
    int start = 0;
    for (int length : piece.getKeyLengthsList()) {
      require(length >= 0 && length <= bytes.length - start, "the snapshot's keys are cut off");
      int expected = namespace.keys().size();
      int slot = namespace.keys().slotOfAdded(bytes, start, length);
      require(slot == expected, "the snapshot has a key twice");
      start += length;
    }
    requireEqual("keys", start, bytes.length);
  }

  private static void readEventIds(NamespaceCounts namespace, SnapshotEventIds piece) {
    int count = piece.getSlotsCount();
    requireEqual("idLengths", piece.getIdLengthsCount(), count);
    requireEqual("payloads", piece.getPayloadsCount(), count);
    requireEqual("acceptedAt", piece.getAcceptedAtCount(), count);
    int forgottenBefore = piece.getForgottenBefore();
    require(
        forgottenBefore >= 0 && forgottenBefore <= EventIdTable.MAX_TICK,
        "the snapshot has a moment of forgetting that cannot be");
    EventIdTable table = namespace.eventIdsForWriting();
    table.restoreForgottenBefore(forgottenBefore);
    ByteBuffer ids = piece.getIds().asReadOnlyByteBuffer();
    int start = 0;
    for (int i = 0; i < count; i++) {
      int length = piece.getIdLengths(i);
      int slot = piece.getSlots(i);
      int tick = piece.getAcceptedAt(i);
      require(
          length >= 1 && length <= Math.min(EventId.MAX_LENGTH, ids.limit() - start),
          "the snapshot's event ids are cut off");
      require(
          slot >= 0 && slot < namespace.keys().size(),
          "the snapshot has event ids of an unknown key");
      require(
          tick >= forgottenBefore && tick <= EventIdTable.MAX_TICK,
          "the snapshot has an event id that is forgotten");
      require(
          table.restore(EventId.of(ids, start, length), slot, piece.getPayloads(i), tick),
          "the snapshot has an event id twice");
      start += length;
    }
    requireEqual("ids", start, ids.limit());
  }

  private static void readBucket(NamespaceCounts namespace, SnapshotBucket piece) {
    int count = piece.getSlotsCount();
    requireEqual("counts", piece.getCountsCount(), count);
    MetricCounts metric = metric(namespace, piece.getMetricIndex());
    WindowLevel level = SnapshotFormat.levelOf(piece.getWindow());
    long start = piece.getStartMillis();
    require(
        start >= WindowLevel.MIN_TIME_MILLIS
            && start < WindowLevel.MAX_TIME_MILLIS
            && metric.buckets().width().start(level, start) == start,
        "the snapshot has counts of a bucket that there is not");
    MetricBuckets buckets = metric.buckets();
    if (buckets.find(level, start) == null) {
      // A new bucket begins, so the one before is complete and may be sealed: a state that was
      // mostly sealed must not need many times its memory on the way back.
      namespace.seal();
    }
    BucketCounts bucket = buckets.forWriting(level, start);
    if (bucket == null) {
      throw new IllegalArgumentException("the snapshot has counts from before what it keeps");
    }
    bucket.restoreRevision(piece.getRevision());
    int[] slots = new int[count];
    long[] counts = new long[count];
    for (int i = 0; i < count; i++) {
      slots[i] = piece.getSlots(i);
      counts[i] = piece.getCounts(i);
      require(
          slots[i] >= 0 && slots[i] < namespace.keys().size(),
          "the snapshot has counts of an unknown key");
    }
    bucket.add(slots, counts, 0, count);
  }

  private static void readStrategy(NamespaceCounts namespace, SnapshotStrategy piece) {
    MetricCounts metric = metric(namespace, piece.getMetricIndex());
    new StrategyReader(metric, namespace.keys().size()).read(piece);
  }

  private static MetricCounts metric(NamespaceCounts namespace, int index) {
    require(
        index >= 0 && index < namespace.metrics().size(),
        "the snapshot has counts of an unknown metric");
    return namespace.metrics().get(index);
  }

  private NamespaceCounts begun() {
    if (namespace == null) {
      throw new IllegalArgumentException("the snapshot has keys or counts before any namespace");
    }
    return namespace;
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
