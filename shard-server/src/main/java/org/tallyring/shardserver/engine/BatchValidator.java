package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.engine.strategy.Strategy;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.name.EventIdRules;
import org.tallyring.topology.name.KeyRules;
import org.tallyring.topology.range.RangeTable;
import org.tallyring.topology.window.WindowLevel;

/**
 * Everything that a batch must fulfil before it may enter the journal, except sessions ({@link
 * #validateSession}) and overflow ({@link RangeEngine#overflowingRows}). A batch without violations
 * can be applied by every later version; {@link RangeEngine#apply} checks nothing again.
 *
 * <p>Numbers on the wire are hostile: lengths and indexes are unsigned there and negative here, and
 * any sum may overflow. Reusable, not thread-safe.
 */
public final class BatchValidator {

  /** The most rows a batch can have. */
  public static final int MAX_ROWS = 100_000;

  /** The length of a session's id in bytes. */
  public static final int SESSION_ID_BYTES = 16;

  /**
   * How far ahead of the shard's clock an event may be: a bad clock must not push the watermark.
   */
  public static final long MAX_AHEAD_MILLIS = 5 * 60_000;

  private final RangeTable table;

  /**
   * The definition that {@link #hash} and {@link #strategies} are of: mostly the next one's too.
   */
  private NamespaceDefinition known = NamespaceDefinition.getDefaultInstance();

  private KeyHash hash = new KeyHash("");
  private Map<String, Strategy> strategies = Map.of();

  /** A validator for a cluster with these ranges. */
  public BatchValidator(RangeTable table) {
    this.table = table;
  }

  /**
   * What is wrong with a batch; null if nothing is.
   *
   * @param batch a {@link org.tallyring.proto.v1.RecordBatch}, or anything
   * @param columns take what is in it
   * @param namespace the definition of the batch's namespace
   * @param nowMillis the shard's clock, which must also become the time of acceptance
   */
  public @Nullable BatchViolation validate(
      ByteString batch, BatchColumns columns, NamespaceDefinition namespace, long nowMillis) {
    try {
      columns.read(batch);
    } catch (InvalidProtocolBufferException malformed) {
      return badBatch("batch", batch.size() + " bytes", "a RecordBatch; " + malformed.getMessage());
    }
    BatchViolation structural = structuralViolation(columns, namespace);
    if (structural != null) {
      return structural;
    }
    List<RowViolation> rows = rowViolations(columns, namespace, nowMillis);
    return rows.isEmpty() ? null : BatchViolation.of(rows);
  }

  /**
   * What is wrong with a session's id and the sequence of its batch; null if nothing is. An empty
   * id is no session and leaves the sequence without meaning. Sequences from 2^63 on are refused,
   * so that sequences can be compared as signed numbers.
   */
  public static @Nullable BatchViolation validateSession(ByteString sessionId, long sequence) {
    if (sessionId.isEmpty()) {
      return null;
    }
    if (sessionId.size() != SESSION_ID_BYTES) {
      return badSession("session_id", sessionId.size() + " bytes", SESSION_ID_BYTES + " bytes");
    }
    return sequence >= 1
        ? null
        : badSession("sequence", Long.toUnsignedString(sequence), "1.." + Long.MAX_VALUE);
  }

  private static BatchViolation badSession(String field, String value, String rule) {
    return BatchViolation.of(
        ErrorReason.ERROR_REASON_BAD_SESSION,
        field,
        field + ": " + value + " (expected: " + rule + ")");
  }

  private @Nullable BatchViolation structuralViolation(
      BatchColumns columns, NamespaceDefinition namespace) {
    if (!columns.namespace().equals(namespace.getName())) {
      return BatchViolation.of(
          ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND,
          "namespace",
          "namespace: " + columns.namespace() + " (expected: " + namespace.getName() + ")");
    }
    if (columns.rangeId() < 0 || columns.rangeId() >= table.rangeCount()) {
      return BatchViolation.of(
          ErrorReason.ERROR_REASON_RANGE_NOT_FOUND,
          "range_id",
          "range_id: "
              + Integer.toUnsignedString(columns.rangeId())
              + " (expected: 0.."
              + (table.rangeCount() - 1)
              + ")");
    }
    int rows = columns.rows();
    if (rows < 1 || rows > MAX_ROWS) {
      return BatchViolation.of(
          ErrorReason.ERROR_REASON_BAD_SIZE,
          "key_lengths",
          "key_lengths: " + rows + " rows (expected: 1.." + MAX_ROWS + ")");
    }
    if (columns.metricCount() == 0) {
      return badBatch("metrics", "0 elements", "at least 1");
    }
    BatchViolation column = columnViolation("metric_indexes", columns.metricIndexes.size(), rows);
    if (column == null) {
      column = columnViolation("deltas", columns.deltas.size(), rows);
    }
    if (column == null) {
      column = columnViolation("time_offsets_millis", columns.timeOffsetsMillis.size(), rows);
    }
    if (column == null) {
      column = columnViolation("user_lengths", columns.userLengths.size(), rows);
    }
    if (column == null) {
      column = columnViolation("event_id_lengths", columns.eventIdLengths.size(), rows);
    }
    if (column == null) {
      column = columnViolation("repeats", columns.repeats.size(), rows);
    }
    return column == null ? elementViolation(columns) : column;
  }

  private static @Nullable BatchViolation columnViolation(String column, int elements, int rows) {
    return elements == 0 || elements == rows
        ? null
        : badBatch(column, elements + " elements", "none, or one for each of " + rows + " rows");
  }

  /** Lengths and indexes that would make a reader of the batch run out of bounds. */
  private static @Nullable BatchViolation elementViolation(BatchColumns columns) {
    BatchViolation bytes = bytesViolation("keys", columns.keys, "key_lengths", columns.keyLengths);
    if (bytes == null) {
      bytes = bytesViolation("users", columns.users, "user_lengths", columns.userLengths);
    }
    if (bytes == null) {
      bytes =
          bytesViolation("event_ids", columns.eventIds, "event_id_lengths", columns.eventIdLengths);
    }
    if (bytes != null) {
      return bytes;
    }
    int metrics = columns.metricCount();
    for (int row = 0; row < columns.metricIndexes.size(); row++) {
      int index = columns.metricIndex(row);
      if (index < 0 || index >= metrics) {
        return badBatch(
            "metric_indexes[" + row + "]", Integer.toUnsignedString(index), "0.." + (metrics - 1));
      }
    }
    for (int row = 0; row < columns.repeats.size(); row++) {
      int repeats = columns.repeats.get(row);
      int most = columns.eventIdLength(row) > 0 ? 1 : BatchColumns.MAX_REPEATS;
      if (repeats < 1 || repeats > most) {
        return badBatch(
            "repeats[" + row + "]",
            Integer.toUnsignedString(repeats),
            "1.." + BatchColumns.MAX_REPEATS + ", and 1 with an event id");
      }
    }
    return null;
  }

  private static @Nullable BatchViolation bytesViolation(
      String field, BatchColumns.Slice bytes, String lengthsField, IntColumn lengths) {
    long sum = lengths.sum();
    return sum == bytes.size()
        ? null
        : badBatch(field, bytes.size() + " bytes", sum + ", the sum of " + lengthsField);
  }

  private static BatchViolation badBatch(String field, String value, String rule) {
    return BatchViolation.of(
        ErrorReason.ERROR_REASON_BAD_BATCH,
        field,
        field + ": " + value + " (expected: " + rule + ")");
  }

  private List<RowViolation> rowViolations(
      BatchColumns columns, NamespaceDefinition namespace, long nowMillis) {
    know(namespace);
    @Nullable Strategy[] ofMetrics = strategies(columns);
    List<RowViolation> violations = new ArrayList<>();
    int start = columns.keys.start();
    int userStart = columns.users.start();
    for (int row = 0; row < columns.rows(); row++) {
      int length = columns.keyLengths.get(row);
      int userLength = columns.userLength(row);
      int index = columns.metricIndex(row);
      Strategy strategy = ofMetrics[index];
      RowViolation violation =
          strategy == null
              ? unknownMetric(row, columns.metric(index))
              : keyViolation(columns, start, row);
      if (violation == null && strategy != null) {
        violation = deltaViolation(columns, row, strategy);
      }
      if (violation == null && strategy != null) {
        violation = userViolation(columns.bytes, userStart, userLength, row, strategy);
      }
      if (violation == null) {
        violation = timeViolation(columns, row, nowMillis);
      }
      if (violation == null) {
        violation = eventIdViolation(columns, row);
      }
      if (violation != null) {
        violations.add(violation);
      }
      start += length;
      userStart += userLength;
    }
    return violations;
  }

  private void know(NamespaceDefinition namespace) {
    if (known.equals(namespace)) {
      return;
    }
    known = namespace;
    hash = new KeyHash(namespace.getName());
    strategies = new HashMap<>();
    for (MetricDefinition metric : namespace.getMetricsList()) {
      strategies.put(metric.getName(), Strategy.of(metric));
    }
  }

  /** The strategies of the batch's metrics; null for one that the namespace does not have. */
  private @Nullable Strategy[] strategies(BatchColumns columns) {
    @Nullable Strategy[] found = new Strategy[columns.metricCount()];
    for (int i = 0; i < found.length; i++) {
      found[i] = strategies.get(columns.metric(i));
    }
    return found;
  }

  private static RowViolation unknownMetric(int row, String metric) {
    return violation(
        row,
        ErrorReason.ERROR_REASON_METRIC_NOT_FOUND,
        "metric",
        "metric: " + metric + " (expected: a metric of the namespace)");
  }

  private @Nullable RowViolation keyViolation(BatchColumns columns, int start, int row) {
    int length = columns.keyLengths.get(row);
    String badKey = KeyRules.violation(columns.bytes, start, length);
    if (badKey != null) {
      return violation(row, ErrorReason.ERROR_REASON_BAD_KEY, "key", badKey);
    }
    int range = table.rangeOf(hash.hash(columns.bytes, start, length));
    return range == columns.rangeId()
        ? null
        : violation(
            row,
            ErrorReason.ERROR_REASON_KEY_NOT_IN_RANGE,
            "key",
            "key: of range " + range + " (expected: of range " + columns.rangeId() + ")");
  }

  private static @Nullable RowViolation deltaViolation(
      BatchColumns columns, int row, Strategy strategy) {
    long delta = columns.delta(row);
    if (delta < 0 && strategy.needsPositiveDeltas()) {
      return violation(
          row,
          ErrorReason.ERROR_REASON_BAD_DELTA,
          "delta",
          "delta: " + delta + " (expected: over 0; the metric cannot take back)");
    }
    // The least number is refused because its absolute value is none.
    boolean fits =
        delta != Long.MIN_VALUE && Math.abs(delta) <= Long.MAX_VALUE / columns.repeats.get(row, 1);
    return delta != 0 && fits
        ? null
        : violation(
            row,
            ErrorReason.ERROR_REASON_BAD_DELTA,
            "delta",
            "delta: "
                + delta
                + " (expected: not 0, absolute value at most 2^63 - 1, all repeats together)");
  }

  private static @Nullable RowViolation userViolation(
      byte[] users, int start, int length, int row, Strategy strategy) {
    if (length > 0) {
      String badUser = KeyRules.violation("user", users, start, length);
      return badUser == null
          ? null
          : violation(row, ErrorReason.ERROR_REASON_BAD_USER, "user", badUser);
    }
    return strategy.needsUser()
        ? violation(
            row,
            ErrorReason.ERROR_REASON_USER_REQUIRED,
            "user",
            "user: none (expected: one; the metric counts distinct users)")
        : null;
  }

  private static @Nullable RowViolation timeViolation(
      BatchColumns columns, int row, long nowMillis) {
    long base = columns.baseTimeMillis(nowMillis);
    long offset = columns.timeOffsetMillis(row);
    long time = base + offset;
    boolean overflows = ((base ^ time) & (offset ^ time)) < 0;
    if (!overflows
        && time >= WindowLevel.MIN_TIME_MILLIS
        && time < WindowLevel.MAX_TIME_MILLIS
        && time <= nowMillis + MAX_AHEAD_MILLIS) {
      return null;
    }
    return violation(
        row,
        ErrorReason.ERROR_REASON_BAD_EVENT_TIME,
        "event_time_millis",
        "event_time_millis: "
            + (overflows ? base + " + " + offset : String.valueOf(time))
            + " (expected: from the year 1 to 5 minutes after the shard's clock, "
            + nowMillis
            + ")");
  }

  private static @Nullable RowViolation eventIdViolation(BatchColumns columns, int row) {
    int length = columns.eventIdLength(row);
    String badId = length == 0 ? null : EventIdRules.violation(length);
    return badId == null
        ? null
        : violation(row, ErrorReason.ERROR_REASON_BAD_EVENT_ID, "event_id", badId);
  }

  private static RowViolation violation(int row, ErrorReason reason, String field, String message) {
    return new RowViolation(row, reason, "rows[" + row + "]." + field, message);
  }
}
