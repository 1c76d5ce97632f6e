package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
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

  /** More than the keys of usual batches; there is a validator for each range. */
  private static final int MOST_KEPT_BYTES = 32 << 10;

  private final RangeTable table;

  /** Where the keys of a batch lie while they are checked, so that none is garbage. */
  private byte[] keyBytes = new byte[0];

  private String hashedNamespace = "";
  private KeyHash hash = new KeyHash("");

  /** A validator for a cluster with these ranges. */
  public BatchValidator(RangeTable table) {
    this.table = table;
  }

  /**
   * What is wrong with a batch; null if nothing is.
   *
   * @param namespace the definition of the batch's namespace
   * @param nowMillis the shard's clock, which must also become the time of acceptance
   */
  public @Nullable BatchViolation validate(
      RecordBatch batch, NamespaceDefinition namespace, long nowMillis) {
    BatchViolation structural = structuralViolation(batch, namespace);
    if (structural != null) {
      return structural;
    }
    List<RowViolation> rows = rowViolations(batch, namespace, nowMillis);
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
      RecordBatch batch, NamespaceDefinition namespace) {
    if (!batch.getNamespace().equals(namespace.getName())) {
      return BatchViolation.of(
          ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND,
          "namespace",
          "namespace: " + batch.getNamespace() + " (expected: " + namespace.getName() + ")");
    }
    if (batch.getRangeId() < 0 || batch.getRangeId() >= table.rangeCount()) {
      return BatchViolation.of(
          ErrorReason.ERROR_REASON_RANGE_NOT_FOUND,
          "range_id",
          "range_id: "
              + Integer.toUnsignedString(batch.getRangeId())
              + " (expected: 0.."
              + (table.rangeCount() - 1)
              + ")");
    }
    int rows = batch.getKeyLengthsCount();
    if (rows < 1 || rows > MAX_ROWS) {
      return BatchViolation.of(
          ErrorReason.ERROR_REASON_BAD_SIZE,
          "key_lengths",
          "key_lengths: " + rows + " rows (expected: 1.." + MAX_ROWS + ")");
    }
    if (batch.getMetricsCount() == 0) {
      return badBatch("metrics", "0 elements", "at least 1");
    }
    BatchViolation column = columnViolation("metric_indexes", batch.getMetricIndexesCount(), rows);
    if (column == null) {
      column = columnViolation("deltas", batch.getDeltasCount(), rows);
    }
    if (column == null) {
      column = columnViolation("time_offsets_millis", batch.getTimeOffsetsMillisCount(), rows);
    }
    if (column == null) {
      column = columnViolation("user_lengths", batch.getUserLengthsCount(), rows);
    }
    if (column == null) {
      column = columnViolation("event_id_lengths", batch.getEventIdLengthsCount(), rows);
    }
    if (column == null) {
      column = columnViolation("repeats", batch.getRepeatsCount(), rows);
    }
    return column == null ? elementViolation(batch) : column;
  }

  private static @Nullable BatchViolation columnViolation(String column, int elements, int rows) {
    return elements == 0 || elements == rows
        ? null
        : badBatch(column, elements + " elements", "none, or one for each of " + rows + " rows");
  }

  /** Lengths and indexes that would make a reader of the batch run out of bounds. */
  private static @Nullable BatchViolation elementViolation(RecordBatch batch) {
    long keyBytes = 0;
    for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
      keyBytes += Integer.toUnsignedLong(batch.getKeyLengths(row));
    }
    if (keyBytes != batch.getKeys().size()) {
      return badBatch(
          "keys", batch.getKeys().size() + " bytes", keyBytes + ", the sum of key_lengths");
    }
    long userBytes = 0;
    for (int row = 0; row < batch.getUserLengthsCount(); row++) {
      userBytes += Integer.toUnsignedLong(batch.getUserLengths(row));
    }
    if (userBytes != batch.getUsers().size()) {
      return badBatch(
          "users", batch.getUsers().size() + " bytes", userBytes + ", the sum of user_lengths");
    }
    long idBytes = 0;
    for (int row = 0; row < batch.getEventIdLengthsCount(); row++) {
      idBytes += Integer.toUnsignedLong(batch.getEventIdLengths(row));
    }
    if (idBytes != batch.getEventIds().size()) {
      return badBatch(
          "event_ids",
          batch.getEventIds().size() + " bytes",
          idBytes + ", the sum of event_id_lengths");
    }
    int metrics = batch.getMetricsCount();
    for (int row = 0; row < batch.getMetricIndexesCount(); row++) {
      int index = batch.getMetricIndexes(row);
      if (index < 0 || index >= metrics) {
        return badBatch(
            "metric_indexes[" + row + "]", Integer.toUnsignedString(index), "0.." + (metrics - 1));
      }
    }
    for (int row = 0; row < batch.getRepeatsCount(); row++) {
      int repeats = batch.getRepeats(row);
      int most = eventIdLength(batch, row) > 0 ? 1 : RowRepeats.MAX;
      if (repeats < 1 || repeats > most) {
        return badBatch(
            "repeats[" + row + "]",
            Integer.toUnsignedString(repeats),
            "1.." + RowRepeats.MAX + ", and 1 with an event id");
      }
    }
    return null;
  }

  private static BatchViolation badBatch(String field, String value, String rule) {
    return BatchViolation.of(
        ErrorReason.ERROR_REASON_BAD_BATCH,
        field,
        field + ": " + value + " (expected: " + rule + ")");
  }

  private List<RowViolation> rowViolations(
      RecordBatch batch, NamespaceDefinition namespace, long nowMillis) {
    if (!hashedNamespace.equals(namespace.getName())) {
      hashedNamespace = namespace.getName();
      hash = new KeyHash(hashedNamespace);
    }
    @Nullable Strategy[] strategies = strategies(batch, namespace);
    byte[] keys = keyBytes(batch.getKeys());
    byte[] users = batch.getUsers().toByteArray();
    List<RowViolation> violations = new ArrayList<>();
    int start = 0;
    int userStart = 0;
    for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
      int length = batch.getKeyLengths(row);
      int userLength = batch.getUserLengthsCount() == 0 ? 0 : batch.getUserLengths(row);
      int index = batch.getMetricIndexesCount() == 0 ? 0 : batch.getMetricIndexes(row);
      Strategy strategy = strategies[index];
      RowViolation violation =
          strategy == null
              ? unknownMetric(row, batch.getMetrics(index))
              : keyViolation(batch, keys, start, row);
      if (violation == null && strategy != null) {
        violation = deltaViolation(batch, row, strategy);
      }
      if (violation == null && strategy != null) {
        violation = userViolation(users, userStart, userLength, row, strategy);
      }
      if (violation == null) {
        violation = timeViolation(batch, row, nowMillis);
      }
      if (violation == null) {
        violation = eventIdViolation(batch, row);
      }
      if (violation != null) {
        violations.add(violation);
      }
      start += length;
      userStart += userLength;
    }
    return violations;
  }

  private byte[] keyBytes(ByteString keys) {
    if (keys.size() > MOST_KEPT_BYTES) {
      return keys.toByteArray();
    }
    if (keys.size() > keyBytes.length) {
      keyBytes = new byte[keys.size()];
    }
    keys.copyTo(keyBytes, 0);
    return keyBytes;
  }

  /** The strategies of the batch's metrics; null for one that the namespace does not have. */
  private static @Nullable Strategy[] strategies(RecordBatch batch, NamespaceDefinition namespace) {
    Map<String, Strategy> defined = new HashMap<>();
    for (MetricDefinition metric : namespace.getMetricsList()) {
      defined.put(metric.getName(), Strategy.of(metric));
    }
    @Nullable Strategy[] strategies = new Strategy[batch.getMetricsCount()];
    for (int i = 0; i < strategies.length; i++) {
      strategies[i] = defined.get(batch.getMetrics(i));
    }
    return strategies;
  }

  private static RowViolation unknownMetric(int row, String metric) {
    return violation(
        row,
        ErrorReason.ERROR_REASON_METRIC_NOT_FOUND,
        "metric",
        "metric: " + metric + " (expected: a metric of the namespace)");
  }

  private @Nullable RowViolation keyViolation(RecordBatch batch, byte[] keys, int start, int row) {
    int length = batch.getKeyLengths(row);
    String badKey = KeyRules.violation(keys, start, length);
    if (badKey != null) {
      return violation(row, ErrorReason.ERROR_REASON_BAD_KEY, "key", badKey);
    }
    int range = table.rangeOf(hash.hash(keys, start, length));
    return range == batch.getRangeId()
        ? null
        : violation(
            row,
            ErrorReason.ERROR_REASON_KEY_NOT_IN_RANGE,
            "key",
            "key: of range " + range + " (expected: of range " + batch.getRangeId() + ")");
  }

  private static @Nullable RowViolation deltaViolation(
      RecordBatch batch, int row, Strategy strategy) {
    long delta = batch.getDeltasCount() == 0 ? 1 : batch.getDeltas(row);
    if (delta < 0 && strategy.needsPositiveDeltas()) {
      return violation(
          row,
          ErrorReason.ERROR_REASON_BAD_DELTA,
          "delta",
          "delta: " + delta + " (expected: over 0; the metric cannot take back)");
    }
    // The least number is refused because its absolute value is none.
    boolean fits =
        delta != Long.MIN_VALUE && Math.abs(delta) <= Long.MAX_VALUE / RowRepeats.of(batch, row);
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

  private static @Nullable RowViolation timeViolation(RecordBatch batch, int row, long nowMillis) {
    long base = batch.hasBaseTimeMillis() ? batch.getBaseTimeMillis() : nowMillis;
    long offset = batch.getTimeOffsetsMillisCount() == 0 ? 0 : batch.getTimeOffsetsMillis(row);
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

  private static @Nullable RowViolation eventIdViolation(RecordBatch batch, int row) {
    int length = eventIdLength(batch, row);
    String badId = length == 0 ? null : EventIdRules.violation(length);
    return badId == null
        ? null
        : violation(row, ErrorReason.ERROR_REASON_BAD_EVENT_ID, "event_id", badId);
  }

  private static int eventIdLength(RecordBatch batch, int row) {
    return batch.getEventIdLengthsCount() == 0 ? 0 : batch.getEventIdLengths(row);
  }

  private static RowViolation violation(int row, ErrorReason reason, String field, String message) {
    return new RowViolation(row, reason, "rows[" + row + "]." + field, message);
  }
}
