package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.tallyring.proto.internal.v1.SnapshotBucket;
import org.tallyring.proto.internal.v1.SnapshotEventIds;
import org.tallyring.proto.internal.v1.SnapshotHead;
import org.tallyring.proto.internal.v1.SnapshotKeys;
import org.tallyring.proto.internal.v1.SnapshotNamespace;
import org.tallyring.proto.internal.v1.SnapshotPiece;
import org.tallyring.proto.internal.v1.SnapshotSessions;
import org.tallyring.topology.window.WindowLevel;

/**
 * Writes a state as pieces, in an order that depends on the state alone, so that equal states give
 * equal bytes. Counts of 0 are left out.
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

  private final int maxChunkBytes;
  private final int maxContentBytes;
  private final List<byte[]> chunks = new ArrayList<>();
  private final ByteArrayOutputStream chunk = new ByteArrayOutputStream();

  private SnapshotWriter(int maxChunkBytes) {
    if (maxChunkBytes < MIN_CHUNK_BYTES) {
      throw new IllegalArgumentException(
          "maxChunkBytes: " + maxChunkBytes + " (expected: at least " + MIN_CHUNK_BYTES + ")");
    }
    this.maxChunkBytes = maxChunkBytes;
    this.maxContentBytes = Math.min(maxChunkBytes, MAX_PIECE_BYTES) - PIECE_OVERHEAD_BYTES;
  }

  /** Writes a state in chunks of at most {@code maxChunkBytes}. */
  static List<byte[]> write(RangeState state, int maxChunkBytes) {
    SnapshotWriter writer = new SnapshotWriter(maxChunkBytes);
    writer.writeHead(state);
    writer.writeSessions(state.sessions);
    state.namespaces.values().forEach(writer::writeNamespace);
    EventPieces.write(
        state,
        writer.maxContentBytes,
        piece -> writer.write(SnapshotPiece.newBuilder().setEvents(piece).build()));
    writer.endChunk();
    return writer.chunks;
  }

  private void writeHead(RangeState state) {
    write(
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

  private void writeSessions(SessionTable sessions) {
    ByteString.Output ids = ByteString.newOutput();
    SnapshotSessions.Builder piece = SnapshotSessions.newBuilder();
    sessions.forEach(
        (id, sequence, appliedAtMillis) -> {
          if ((piece.getSequencesCount() + 1) * SESSION_BYTES > maxContentBytes) {
            writeSessions(piece, ids);
          }
          ids.write(id.toByteArray(), 0, id.size());
          piece.addSequences(sequence).addAppliedAtMillis(appliedAtMillis);
        });
    if (piece.getSequencesCount() > 0) {
      writeSessions(piece, ids);
    }
  }

  private void writeSessions(SnapshotSessions.Builder piece, ByteString.Output ids) {
    write(SnapshotPiece.newBuilder().setSessions(piece.setSessionIds(ids.toByteString())).build());
    piece.clear();
    ids.reset();
  }

  private void writeNamespace(NamespaceCounts namespace) {
    SnapshotNamespace.Builder begin =
        SnapshotNamespace.newBuilder()
            .setUid(namespace.uid())
            .setName(namespace.name())
            .setWatermarkMillis(namespace.watermarkMillis());
    if (namespace.definitionRevision() != RangeEngine.UNDEFINED) {
      begin.setDefinition(namespace.definition());
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
    write(SnapshotPiece.newBuilder().setNamespace(begin).build());
    writeKeys(namespace.keys());
    EventIdTable eventIds = namespace.eventIds();
    if (eventIds != null) {
      writeEventIds(eventIds);
    }
    for (int i = 0; i < namespace.metrics().size(); i++) {
      MetricCounts metric = namespace.metrics().get(i);
      StrategyWriter strategy = new StrategyWriter(i, maxContentBytes, this::write);
      strategy.writeMetric(metric);
      for (BucketCounts bucket : metric.buckets().sorted()) {
        if (strategy.writeBucket(bucket)) {
          writeBucket(i, bucket);
        }
      }
    }
  }

  private void writeKeys(KeyTable keys) {
    ByteString.Output bytes = ByteString.newOutput();
    SnapshotKeys.Builder piece = SnapshotKeys.newBuilder();
    int contentBytes = 0;
    for (int slot = 0; slot < keys.size(); slot++) {
      byte[] key = keys.key(slot);
      int needed = key.length + KEY_LENGTH_BYTES;
      if (contentBytes + needed > maxContentBytes && contentBytes > 0) {
        writeKeys(piece, bytes);
        contentBytes = 0;
      }
      bytes.write(key, 0, key.length);
      piece.addKeyLengths(key.length);
      contentBytes += needed;
    }
    if (contentBytes > 0) {
      writeKeys(piece, bytes);
    }
  }

  private void writeKeys(SnapshotKeys.Builder piece, ByteString.Output bytes) {
    write(SnapshotPiece.newBuilder().setKeys(piece.setKeys(bytes.toByteString())).build());
    piece.clear();
    bytes.reset();
  }

  /** Writes at least one piece, since what is forgotten is part of the state. */
  private void writeEventIds(EventIdTable table) {
    ByteString.Output ids = ByteString.newOutput();
    SnapshotEventIds.Builder piece = SnapshotEventIds.newBuilder();
    table.forEach(
        (id, slot, payload, tick) -> {
          if ((piece.getSlotsCount() + 1) * EVENT_ID_BYTES > maxContentBytes) {
            writeEventIds(table, piece, ids);
          }
          ByteString bytes = id.bytes();
          ids.write(bytes.toByteArray(), 0, bytes.size());
          piece.addIdLengths(bytes.size()).addSlots(slot).addPayloads(payload).addAcceptedAt(tick);
        });
    writeEventIds(table, piece, ids);
  }

  private void writeEventIds(
      EventIdTable table, SnapshotEventIds.Builder piece, ByteString.Output ids) {
    piece.setForgottenBefore(table.forgottenBefore()).setIds(ids.toByteString());
    write(SnapshotPiece.newBuilder().setEventIds(piece).build());
    piece.clear();
    ids.reset();
  }

  /** Writes at least one piece, since an empty bucket can have a revision. */
  private void writeBucket(int metricIndex, BucketCounts bucket) {
    SnapshotBucket.Builder piece =
        SnapshotBucket.newBuilder()
            .setMetricIndex(metricIndex)
            .setWindow(SnapshotFormat.numberOf(bucket.level()))
            .setStartMillis(bucket.startMillis())
            .setRevision(bucket.revision());
    int perPiece = maxContentBytes / COUNT_BYTES;
    bucket
        .counts()
        .forEachRising(
            (slot, count) -> {
              if (piece.getSlotsCount() == perPiece) {
                write(SnapshotPiece.newBuilder().setBucket(piece).build());
                piece.clearSlots().clearCounts();
              }
              piece.addSlots(slot).addCounts(count);
            });
    write(SnapshotPiece.newBuilder().setBucket(piece).build());
  }

  private void write(SnapshotPiece piece) {
    int size = piece.getSerializedSize();
    long delimitedSize = (long) CodedOutputStream.computeUInt32SizeNoTag(size) + size;
    if (delimitedSize > maxChunkBytes) {
      throw new IllegalArgumentException(
          "maxChunkBytes: " + maxChunkBytes + " (expected: at least " + delimitedSize + ")");
    }
    if (chunk.size() + delimitedSize > maxChunkBytes) {
      endChunk();
    }
    try {
      piece.writeDelimitedTo(chunk);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void endChunk() {
    if (chunk.size() > 0) {
      chunks.add(chunk.toByteArray());
      chunk.reset();
    }
  }
}
