package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.shardserver.engine.ReceivedBatch;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;

/**
 * Turns increments given row by row into columnar batches: one per range, or two where some of its
 * increments have an event time and some have none. The latter get the clock of the shard that
 * accepts them, which this shard cannot know, and an event id must not be tied to a time that
 * another send of the event would not have.
 */
final class RowBatches {

  /**
   * Increments of one range.
   *
   * @param batch column-wise, as if it had come so; the batches of a range are numbered from 1
   * @param rows for each row of the batch, the index of its increment in the request
   */
  record RangeBatch(ReceivedBatch batch, List<Integer> rows) {}

  private final String namespace;
  private final RangeTable table;
  private final KeyHash hash;
  private final long nowMillis;
  private final Map<Part, Columns> parts = new LinkedHashMap<>();

  private record Part(int rangeId, boolean timed) {}

  private RowBatches(String namespace, RangeTable table, long nowMillis) {
    this.namespace = namespace;
    this.table = table;
    this.hash = new KeyHash(namespace);
    this.nowMillis = nowMillis;
  }

  static List<RangeBatch> of(
      String namespace, List<Increment> increments, RangeTable table, long nowMillis) {
    RowBatches batches = new RowBatches(namespace, table, nowMillis);
    for (int row = 0; row < increments.size(); row++) {
      batches.add(row, increments.get(row));
    }
    List<RangeBatch> result = new ArrayList<>();
    batches.parts.values().forEach(columns -> result.add(columns.build()));
    return result;
  }

  private void add(int row, Increment increment) {
    int rangeId = table.rangeOf(hash.hash(increment.getKey().toByteArray()));
    boolean timed = increment.hasEventTimeMillis();
    int sequence = parts.containsKey(new Part(rangeId, !timed)) ? 2 : 1;
    parts
        .computeIfAbsent(new Part(rangeId, timed), part -> new Columns(part, sequence))
        .add(row, increment);
  }

  private final class Columns {
    private final RecordBatch.Builder batch;
    private final Map<String, Integer> metrics = new LinkedHashMap<>();
    private final List<ByteString> keys = new ArrayList<>();
    private final List<ByteString> users = new ArrayList<>();
    private final List<ByteString> eventIds = new ArrayList<>();
    private final List<Integer> rows = new ArrayList<>();

    Columns(Part part, int sequence) {
      batch =
          RecordBatch.newBuilder()
              .setNamespace(namespace)
              .setRangeId(part.rangeId)
              .setSequence(sequence);
      if (part.timed) {
        batch.setBaseTimeMillis(nowMillis);
      }
    }

    void add(int row, Increment increment) {
      rows.add(row);
      keys.add(increment.getKey());
      users.add(increment.getUser());
      batch.addKeyLengths(increment.getKey().size());
      batch.addMetricIndexes(
          metrics.computeIfAbsent(increment.getMetric(), metric -> metrics.size()));
      batch.addDeltas(increment.hasDelta() ? increment.getDelta() : 1);
      if (increment.hasEventTimeMillis()) {
        batch.addTimeOffsetsMillis(increment.getEventTimeMillis() - nowMillis);
      }
      eventIds.add(increment.getEventId());
    }

    RangeBatch build() {
      ByteString allUsers = ByteString.copyFrom(users);
      if (!allUsers.isEmpty()) {
        batch.setUsers(allUsers);
        users.forEach(user -> batch.addUserLengths(user.size()));
      }
      ByteString ids = ByteString.copyFrom(eventIds);
      if (!ids.isEmpty()) {
        batch.setEventIds(ids);
        eventIds.forEach(id -> batch.addEventIdLengths(id.size()));
      }
      batch.addAllMetrics(metrics.keySet()).setKeys(ByteString.copyFrom(keys));
      return new RangeBatch(ReceivedBatch.of(batch.build()), rows);
    }
  }
}
