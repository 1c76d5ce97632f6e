package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.AcceptedBatches;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.NamespaceDefined;
import org.tallyring.proto.internal.v1.NamespaceDeleted;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;

/** Builds accepted batches row by row. */
final class Batches {

  static final long UID = 7;
  static final String NAMESPACE = "shop";
  static final String METRIC = "clicks";

  /** 2024-02-29T12:00:00Z. */
  static final long NOON = 1_709_208_000_000L;

  private final AcceptedBatch.Builder accepted =
      AcceptedBatch.newBuilder().setNamespaceUid(UID).setAcceptedAtMillis(NOON);
  private final RecordBatch.Builder batch =
      RecordBatch.newBuilder().setNamespace(NAMESPACE).setBaseTimeMillis(0);
  private final ByteString.Output keys = ByteString.newOutput();
  private final ByteString.Output users = ByteString.newOutput();
  private final ByteString.Output eventIds = ByteString.newOutput();
  private final List<Integer> eventIdLengths = new ArrayList<>();
  private final Map<String, Integer> metrics = new LinkedHashMap<>();

  static Batches batch() {
    return new Batches();
  }

  static byte[] bytes(String key) {
    return key.getBytes(StandardCharsets.UTF_8);
  }

  static ByteString session(int number) {
    return ByteString.copyFrom(new byte[12])
        .concat(
            ByteString.copyFrom(
                new byte[] {
                  (byte) (number >>> 24),
                  (byte) (number >>> 16),
                  (byte) (number >>> 8),
                  (byte) number
                }));
  }

  static JournalEntry deletion(long uid) {
    return JournalEntry.newBuilder()
        .setNamespaceDeleted(NamespaceDeleted.newBuilder().setNamespaceUid(uid))
        .build();
  }

  /** The entry that makes a definition hold from here on. */
  static JournalEntry definition(NamespaceDefinition.Builder definition) {
    return JournalEntry.newBuilder()
        .setNamespaceDefined(NamespaceDefined.newBuilder().setDefinition(definition))
        .build();
  }

  Batches namespace(long uid, String name) {
    accepted.setNamespaceUid(uid);
    batch.setNamespace(name);
    return this;
  }

  Batches acceptedAt(long millis) {
    accepted.setAcceptedAtMillis(millis);
    return this;
  }

  Batches session(ByteString id, long sequence) {
    accepted.setSessionId(id);
    batch.setSequence(sequence);
    return this;
  }

  Batches row(String key, long delta) {
    return row(METRIC, key, delta, NOON);
  }

  Batches row(String metric, String key, long delta, long timeMillis) {
    return row(metric, key, "", delta, timeMillis);
  }

  Batches row(String metric, String key, String user, long delta, long timeMillis) {
    byte[] bytes = bytes(key);
    byte[] userBytes = bytes(user);
    users.write(userBytes, 0, userBytes.length);
    batch.addUserLengths(userBytes.length);
    keys.write(bytes, 0, bytes.length);
    batch
        .addKeyLengths(bytes.length)
        .addMetricIndexes(metrics.computeIfAbsent(metric, unused -> metrics.size()))
        .addDeltas(delta)
        .addTimeOffsetsMillis(timeMillis);
    return this;
  }

  /** Gives the row added last an event id. */
  Batches eventId(String id) {
    while (eventIdLengths.size() < batch.getKeyLengthsCount()) {
      eventIdLengths.add(0);
    }
    byte[] bytes = bytes(id);
    eventIds.write(bytes, 0, bytes.length);
    eventIdLengths.set(eventIdLengths.size() - 1, bytes.length);
    return this;
  }

  /** Times of rows count from the time of acceptance. */
  Batches untimed() {
    batch.clearBaseTimeMillis();
    return this;
  }

  AcceptedBatch accepted() {
    while (!eventIdLengths.isEmpty() && eventIdLengths.size() < batch.getKeyLengthsCount()) {
      eventIdLengths.add(0);
    }
    batch
        .setEventIds(eventIds.toByteString())
        .clearEventIdLengths()
        .addAllEventIdLengths(eventIdLengths);
    return accepted
        .setBatch(
            batch
                .setKeys(keys.toByteString())
                .setUsers(users.toByteString())
                .clearMetrics()
                .addAllMetrics(metrics.keySet())
                .build()
                .toByteString())
        .build();
  }

  /** The batch inside, as its generated class reads it. */
  static RecordBatch message(AcceptedBatch accepted) {
    try {
      return RecordBatch.parseFrom(accepted.getBatch());
    } catch (InvalidProtocolBufferException malformed) {
      throw new AssertionError(malformed);
    }
  }

  /** The batch inside, as the engine reads it. */
  static BatchColumns columns(AcceptedBatch accepted) {
    BatchColumns columns = new BatchColumns();
    try {
      columns.read(accepted.getBatch());
    } catch (InvalidProtocolBufferException malformed) {
      throw new AssertionError(malformed);
    }
    return columns;
  }

  /** The same with another batch inside. */
  static AcceptedBatch changed(AcceptedBatch accepted, Consumer<RecordBatch.Builder> change) {
    RecordBatch.Builder inside = message(accepted).toBuilder();
    change.accept(inside);
    return accepted.toBuilder().setBatch(inside.build().toByteString()).build();
  }

  JournalEntry entry() {
    return entry(accepted());
  }

  static JournalEntry entry(AcceptedBatch... batches) {
    return JournalEntry.newBuilder()
        .setBatches(AcceptedBatches.newBuilder().addAllBatches(List.of(batches)))
        .build();
  }
}
