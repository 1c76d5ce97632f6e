package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.SnapshotBucket;
import org.tallyring.proto.internal.v1.SnapshotEventIds;
import org.tallyring.proto.internal.v1.SnapshotEvents;
import org.tallyring.proto.internal.v1.SnapshotHead;
import org.tallyring.proto.internal.v1.SnapshotKeys;
import org.tallyring.proto.internal.v1.SnapshotNamespace;
import org.tallyring.proto.internal.v1.SnapshotPiece;
import org.tallyring.proto.internal.v1.SnapshotRestore;
import org.tallyring.proto.internal.v1.SnapshotSessions;
import org.tallyring.topology.name.KeyRules;
import org.tallyring.topology.window.WindowLevel;

/**
 * Cuts a state into the pieces of a snapshot, in an order that depends on the state alone, so that
 * equal states give equal bytes. Counts of 0 are left out.
 *
 * <p>What is small becomes pieces at once. Sessions, keys, event ids, counts and what rules have
 * told, which may be millions, are frozen and become pieces when the cut is written.
 */
final class SnapshotWriter {

  /** The smallest chunk that every piece that can be divided fits in. */
  static final int MIN_CHUNK_BYTES = 4096;

  private static final int MAX_PIECE_BYTES = 1 << 16;

  // Bounds of what protobuf makes of one element, and of a piece without its elements.
  private static final int PIECE_OVERHEAD_BYTES = 128;
  private static final int SESSION_BYTES = BatchValidator.SESSION_ID_BYTES + 10 + 10;
  private static final int KEY_LENGTH_BYTES = 3;
  private static final int COUNT_BYTES = 5 + 10;
  private static final int EVENT_ID_BYTES = EventId.MAX_LENGTH + 1 + 5 + 8 + 5;

  private final int maxContentBytes;
  private final SnapshotCut.Parts parts = new SnapshotCut.Parts();

  private SnapshotWriter(int maxChunkBytes) {
    if (maxChunkBytes < MIN_CHUNK_BYTES) {
      throw new IllegalArgumentException(
          "maxChunkBytes: " + maxChunkBytes + " (expected: at least " + MIN_CHUNK_BYTES + ")");
    }
    this.maxContentBytes = Math.min(maxChunkBytes, MAX_PIECE_BYTES) - PIECE_OVERHEAD_BYTES;
  }

  /** Cuts a state, to be written in chunks of at most {@code maxChunkBytes}. */
  static SnapshotCut cut(RangeState state, int maxChunkBytes) {
    SnapshotWriter writer = new SnapshotWriter(maxChunkBytes);
    writer.writeHead(state);
    SessionTable sessions = state.sessions.frozen();
    writer.parts.later(pieces -> writer.writeSessions(sessions, pieces));
    state.namespaces.values().forEach(each -> writer.writeNamespace(each, null));
    state
        .restores
        .all()
        .forEach(restore -> writer.writeNamespace(restore.counts(), restore.stored()));
    Consumer<Consumer<SnapshotEvents>> events = EventPieces.cut(state, writer.maxContentBytes);
    writer.parts.later(
        pieces ->
            events.accept(
                piece -> pieces.accept(SnapshotPiece.newBuilder().setEvents(piece).build())));
    return new SnapshotCut(writer.parts, maxChunkBytes);
  }

  /** Cuts what belongs to one namespace alone; without a head, which is the range's. */
  static SnapshotCut cut(NamespaceCounts namespace, int maxChunkBytes) {
    SnapshotWriter writer = new SnapshotWriter(maxChunkBytes);
    writer.writeNamespace(namespace, null);
    return new SnapshotCut(writer.parts, maxChunkBytes);
  }

  private void writeHead(RangeState state) {
    parts.now(
        SnapshotPiece.newBuilder()
            .setHead(
                SnapshotHead.newBuilder()
                    .setFormat(SnapshotFormat.NUMBER)
                    .setRangeId(state.rangeId)
                    .setJournalTimeMillis(state.journalTimeMillis)
                    .setSessionsSweptAtMillis(state.sessions.sweptAtMillis())
                    .setIncrements(state.increments)
                    .setAbsoluteSum(state.absoluteSum)
                    .addAllDeletedNamespaceUids(state.deletedNamespaceUids))
            .build());
  }

  private void writeSessions(SessionTable sessions, Consumer<SnapshotPiece> pieces) {
    ByteString.Output ids = ByteString.newOutput();
    SnapshotSessions.Builder piece = SnapshotSessions.newBuilder();
    sessions.forEach(
        (id, sequence, appliedAtMillis) -> {
          if ((piece.getSequencesCount() + 1) * SESSION_BYTES > maxContentBytes) {
            writeSessions(piece, ids, pieces);
          }
          ids.write(id.toByteArray(), 0, id.size());
          piece.addSequences(sequence).addAppliedAtMillis(appliedAtMillis);
        });
    if (piece.getSequencesCount() > 0) {
      writeSessions(piece, ids, pieces);
    }
  }

  private void writeSessions(
      SnapshotSessions.Builder piece, ByteString.Output ids, Consumer<SnapshotPiece> pieces) {
    pieces.accept(
        SnapshotPiece.newBuilder().setSessions(piece.setSessionIds(ids.toByteString())).build());
    piece.clear();
    ids.reset();
  }

  private void writeNamespace(NamespaceCounts namespace, @Nullable SnapshotRestore restore) {
    SnapshotNamespace.Builder begin =
        SnapshotNamespace.newBuilder()
            .setUid(namespace.uid())
            .setName(namespace.name())
            .setWatermarkMillis(namespace.watermarkMillis());
    if (namespace.definitionRevision() != RangeEngine.UNDEFINED) {
      begin.setDefinition(namespace.definition());
    }
    if (restore != null) {
      begin.setRestore(restore);
    }
    for (WindowLevel level : RetentionEdges.LEVELS) {
      begin.addKeptFromMillis(namespace.edges().of(level));
    }
    for (MetricCounts metric : namespace.metrics()) {
      begin
          .addMetrics(metric.name())
          .addLateCorrections(metric.lateCorrections())
          .addLateIncrements(metric.lateIncrements())
          .addBeyondRetention(metric.beyondRetention());
    }
    parts.now(SnapshotPiece.newBuilder().setNamespace(begin).build());
    KeyStore keys = namespace.keys().frozenKeys();
    int keyCount = namespace.keys().size();
    parts.later(pieces -> writeKeys(keys, keyCount, pieces));
    EventIdTable eventIds = namespace.eventIds();
    if (eventIds != null) {
      EventIdTable frozenIds = eventIds.frozen();
      parts.later(pieces -> writeEventIds(frozenIds, pieces));
    }
    for (int i = 0; i < namespace.metrics().size(); i++) {
      MetricCounts metric = namespace.metrics().get(i);
      StrategyWriter strategy = new StrategyWriter(i, maxContentBytes, parts);
      strategy.writeMetric(metric);
      for (BucketCounts bucket : metric.buckets().sorted()) {
        if (strategy.writeBucket(bucket)) {
          writeBucket(i, bucket);
        }
      }
    }
  }

  private void writeKeys(KeyStore keys, int keyCount, Consumer<SnapshotPiece> pieces) {
    ByteString.Output bytes = ByteString.newOutput();
    SnapshotKeys.Builder piece = SnapshotKeys.newBuilder();
    byte[] key = new byte[KeyRules.MAX_LENGTH];
    int contentBytes = 0;
    for (int slot = 0; slot < keyCount; slot++) {
      int length = keys.copy(slot, key);
      int needed = length + KEY_LENGTH_BYTES;
      if (contentBytes + needed > maxContentBytes && contentBytes > 0) {
        writeKeys(piece, bytes, pieces);
        contentBytes = 0;
      }
      bytes.write(key, 0, length);
      piece.addKeyLengths(length);
      contentBytes += needed;
    }
    if (contentBytes > 0) {
      writeKeys(piece, bytes, pieces);
    }
  }

  private void writeKeys(
      SnapshotKeys.Builder piece, ByteString.Output bytes, Consumer<SnapshotPiece> pieces) {
    pieces.accept(SnapshotPiece.newBuilder().setKeys(piece.setKeys(bytes.toByteString())).build());
    piece.clear();
    bytes.reset();
  }

  /** Writes at least one piece, since what is forgotten is part of the state. */
  private void writeEventIds(EventIdTable table, Consumer<SnapshotPiece> pieces) {
    ByteString.Output ids = ByteString.newOutput();
    SnapshotEventIds.Builder piece = SnapshotEventIds.newBuilder();
    table.forEach(
        (id, slot, payload, tick) -> {
          if ((piece.getSlotsCount() + 1) * EVENT_ID_BYTES > maxContentBytes) {
            writeEventIds(table, piece, ids, pieces);
          }
          ByteString bytes = id.bytes();
          ids.write(bytes.toByteArray(), 0, bytes.size());
          piece.addIdLengths(bytes.size()).addSlots(slot).addPayloads(payload).addAcceptedAt(tick);
        });
    writeEventIds(table, piece, ids, pieces);
  }

  private void writeEventIds(
      EventIdTable table,
      SnapshotEventIds.Builder piece,
      ByteString.Output ids,
      Consumer<SnapshotPiece> pieces) {
    piece.setForgottenBefore(table.forgottenBefore()).setIds(ids.toByteString());
    pieces.accept(SnapshotPiece.newBuilder().setEventIds(piece).build());
    piece.clear();
    ids.reset();
  }

  private void writeBucket(int metricIndex, BucketCounts bucket) {
    SnapshotBucket.Builder piece =
        SnapshotBucket.newBuilder()
            .setMetricIndex(metricIndex)
            .setWindow(SnapshotFormat.numberOf(bucket.level()))
            .setStartMillis(bucket.startMillis())
            .setRevision(bucket.revision());
    ExactCounts counts = bucket.frozenCounts();
    parts.later(pieces -> writeCounts(piece, counts, pieces));
  }

  /** Writes at least one piece, since an empty bucket can have a revision. */
  private void writeCounts(
      SnapshotBucket.Builder piece, ExactCounts counts, Consumer<SnapshotPiece> pieces) {
    int perPiece = maxContentBytes / COUNT_BYTES;
    counts.forEachRising(
        (slot, count) -> {
          if (piece.getSlotsCount() == perPiece) {
            pieces.accept(SnapshotPiece.newBuilder().setBucket(piece).build());
            piece.clearSlots().clearCounts();
          }
          piece.addSlots(slot).addCounts(count);
        });
    pieces.accept(SnapshotPiece.newBuilder().setBucket(piece).build());
  }
}
