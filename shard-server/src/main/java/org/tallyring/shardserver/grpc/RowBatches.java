package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;

/**
 * Turns increments given row by row into one columnar batch per range. Increments without an event
 * time get the time of this shard's clock.
 */
final class RowBatches {

  /**
   * The increments of one range.
   *
   * @param batch column-wise
   * @param rows for each row of the batch, the index of its increment in the request
   */
  record RangeBatch(RecordBatch batch, List<Integer> rows) {}

  private final String namespace;
  private final RangeTable table;
  private final KeyHash hash;
  private final long nowMillis;
  private final Map<Integer, Columns> byRange = new TreeMap<>();

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
    batches.byRange.values().forEach(columns -> result.add(columns.build()));
    return result;
  }

  private void add(int row, Increment increment) {
    int rangeId = table.rangeOf(hash.hash(increment.getKey().toByteArray()));
    byRange.computeIfAbsent(rangeId, Columns::new).add(row, increment);
  }

  private final class Columns {
    private final RecordBatch.Builder batch;
    private final Map<String, Integer> metrics = new LinkedHashMap<>();
    private final List<ByteString> keys = new ArrayList<>();
    private final List<ByteString> users = new ArrayList<>();
    private final List<Integer> rows = new ArrayList<>();

    Columns(int rangeId) {
      batch =
          RecordBatch.newBuilder()
              .setNamespace(namespace)
              .setRangeId(rangeId)
              .setSequence(1)
              .setBaseTimeMillis(nowMillis);
    }

    void add(int row, Increment increment) {
      rows.add(row);
      keys.add(increment.getKey());
      users.add(increment.getUser());
      batch.addKeyLengths(increment.getKey().size());
      batch.addMetricIndexes(
          metrics.computeIfAbsent(increment.getMetric(), metric -> metrics.size()));
      batch.addDeltas(increment.hasDelta() ? increment.getDelta() : 1);
      batch.addTimeOffsetsMillis(
          increment.hasEventTimeMillis() ? increment.getEventTimeMillis() - nowMillis : 0);
    }

    RangeBatch build() {
      ByteString allUsers = ByteString.copyFrom(users);
      if (!allUsers.isEmpty()) {
        batch.setUsers(allUsers);
        users.forEach(user -> batch.addUserLengths(user.size()));
      }
      return new RangeBatch(
          batch.addAllMetrics(metrics.keySet()).setKeys(ByteString.copyFrom(keys)).build(), rows);
    }
  }
}
