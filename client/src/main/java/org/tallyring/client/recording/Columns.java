package org.tallyring.client.recording;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.Increment;
import org.tallyring.proto.v1.RecordBatch;

/**
 * The rows of a batch, column by column, in growing arrays: a row costs no object.
 *
 * <p>A column whose rows are all alike is not there (one metric, deltas of 1), as in the message it
 * becomes. Either every row has an event time or none has: a message has one base time or leaves
 * the time of all its rows to the shard. Increments that are alike in everything are one row with a
 * number of repeats; one with an event id or a user is a row of its own. Not thread-safe.
 */
final class Columns {

  /** In place of an event time: there is none. Outside of the years that can be counted. */
  static final long UNTIMED = Long.MIN_VALUE;

  private static final int FIRST_KEY_BYTES = 512;
  private static final int FIRST_ROWS = 16;

  /** At least twice the longest event id, so that doubling always makes room for one. */
  private static final int FIRST_EVENT_ID_BYTES = 256;

  private static final byte[] NO_BYTES = {};
  private static final int[] NO_INTS = {};
  private static final long[] NO_LONGS = {};

  private final boolean timed;
  private final List<String> metrics = new ArrayList<>(1);
  private byte[] keys;
  private int keyBytes;
  private int[] keyLengths;
  private int rows;

  /** How often each row occurs; nothing while every row is one increment. */
  private int[] repeats = NO_INTS;

  /** All of them together. */
  private int increments;

  private int[] keyStarts;
  private int[] metricIndexes = NO_INTS;
  private long[] deltas = NO_LONGS;
  private long[] times = NO_LONGS;
  private byte[] users = {};
  private int userBytes;
  private int[] userLengths = NO_INTS;
  private byte[] eventIds = NO_BYTES;
  private int eventIdBytes;
  private int[] eventIdLengths = NO_INTS;

  /** No rows yet; {@code timed} says whether they will have event times. */
  Columns(boolean timed) {
    this(timed, 0, 0);
  }

  /**
   * No rows yet, and room for so many and for so many bytes of keys.
   *
   * @param timed whether they will have event times
   */
  Columns(boolean timed, int rows, int keyBytes) {
    this.timed = timed;
    keys = new byte[Math.max(FIRST_KEY_BYTES, keyBytes)];
    keyLengths = new int[Math.max(FIRST_ROWS, rows)];
    keyStarts = new int[keyLengths.length];
  }

  int rows() {
    return rows;
  }

  /** How many increments the rows are. */
  int increments() {
    return increments;
  }

  /** How many increments a row is. */
  int increments(int row) {
    return row < repeats.length ? repeats[row] + 1 : 1;
  }

  /** Whether a row without event id and user is this. */
  boolean isRow(int row, String metric, byte[] key, long delta, long time) {
    return delta(row) == delta
        && time(row) == time
        && metric(row).equals(metric)
        && Arrays.equals(
            keys, keyStarts[row], keyStarts[row] + keyLengths[row], key, 0, key.length);
  }

  /**
   * Counts one more increment to a row that it is alike.
   *
   * @return how many the row is now
   */
  int repeat(int row) {
    if (repeats.length < rows) {
      repeats = Arrays.copyOf(repeats, keyLengths.length);
    }
    increments++;
    return ++repeats[row] + 1;
  }

  /** The bytes of keys and users. */
  int rowBytes() {
    return keyBytes + userBytes;
  }

  boolean isTimed() {
    return timed;
  }

  /**
   * Adds a row.
   *
   * @param time {@link #UNTIMED} exactly if the rows have no event times
   * @param eventId says which event it is; null for none
   */
  void append(
      String metric,
      byte[] key,
      int offset,
      int length,
      long delta,
      long time,
      byte @Nullable [] eventId) {
    if (rows == keyLengths.length) {
      keyLengths = Arrays.copyOf(keyLengths, rows * 2);
      keyStarts = Arrays.copyOf(keyStarts, rows * 2);
    }
    if (keyBytes + length > keys.length) {
      keys = Arrays.copyOf(keys, Math.max(keys.length * 2, keyBytes + length));
    }
    System.arraycopy(key, offset, keys, keyBytes, length);
    keyStarts[rows] = keyBytes;
    keyBytes += length;
    keyLengths[rows] = length;
    appendMetric(metric);
    appendDelta(delta);
    if (timed) {
      times = grown(times);
      times[rows] = time;
    }
    if (eventId != null || eventIdLengths.length > 0) {
      appendEventId(eventId == null ? NO_BYTES : eventId);
    }
    increments++;
    rows++;
  }

  /** Gives the row added last a user; without a length it has none. */
  void setUser(byte[] user, int offset, int length) {
    if (length == 0) {
      return;
    }
    if (userLengths.length < rows) {
      userLengths = Arrays.copyOf(userLengths, keyLengths.length);
    }
    if (userBytes + length > users.length) {
      users = Arrays.copyOf(users, Math.max(users.length * 2, userBytes + length));
    }
    System.arraycopy(user, offset, users, userBytes, length);
    userBytes += length;
    userLengths[rows - 1] = length;
  }

  private void appendMetric(String metric) {
    // A batch has very few metrics, most often the very string of the row before.
    int index = metrics.indexOf(metric);
    if (index < 0) {
      index = metrics.size();
      metrics.add(metric);
    }
    if (index > 0 || metricIndexes.length > 0) {
      if (metricIndexes.length <= rows) {
        metricIndexes = Arrays.copyOf(metricIndexes, keyLengths.length);
      }
      metricIndexes[rows] = index;
    }
  }

  private void appendDelta(long delta) {
    if (delta == 1 && deltas.length == 0) {
      return;
    }
    if (deltas.length == 0) {
      deltas = new long[keyLengths.length];
      Arrays.fill(deltas, 0, rows, 1);
    }
    deltas = grown(deltas);
    deltas[rows] = delta;
  }

  private void appendEventId(byte[] eventId) {
    if (eventIdLengths.length <= rows) {
      eventIdLengths = Arrays.copyOf(eventIdLengths, keyLengths.length);
    }
    if (eventIdBytes + eventId.length > eventIds.length) {
      eventIds = Arrays.copyOf(eventIds, Math.max(eventIds.length * 2, FIRST_EVENT_ID_BYTES));
    }
    System.arraycopy(eventId, 0, eventIds, eventIdBytes, eventId.length);
    eventIdBytes += eventId.length;
    eventIdLengths[rows] = eventId.length;
  }

  private long[] grown(long[] column) {
    return column.length > rows ? column : Arrays.copyOf(column, keyLengths.length);
  }

  /** The rows as a {@link RecordBatch}, in its bytes. */
  ByteString encode(String namespace, int rangeId, long sequence) {
    return WireFields.encode(
        batch -> {
          batch.text(RecordBatch.NAMESPACE_FIELD_NUMBER, namespace);
          batch.uint64(RecordBatch.RANGE_ID_FIELD_NUMBER, rangeId);
          batch.uint64(RecordBatch.SEQUENCE_FIELD_NUMBER, sequence);
          for (String metric : metrics) {
            batch.element(RecordBatch.METRICS_FIELD_NUMBER, metric);
          }
          tell(batch);
        });
  }

  private void tell(WireFields batch) throws IOException {
    batch.bytes(RecordBatch.KEYS_FIELD_NUMBER, keys, keyBytes);
    batch.uint32s(RecordBatch.KEY_LENGTHS_FIELD_NUMBER, keyLengths, rows, 0);
    if (metricIndexes.length > 0) {
      batch.uint32s(RecordBatch.METRIC_INDEXES_FIELD_NUMBER, metricIndexes, rows, 0);
    }
    if (deltas.length > 0) {
      batch.sint64s(RecordBatch.DELTAS_FIELD_NUMBER, deltas, rows, 0);
    }
    if (timed) {
      long base = times[0];
      batch.present(RecordBatch.BASE_TIME_MILLIS_FIELD_NUMBER, base);
      batch.sint64s(RecordBatch.TIME_OFFSETS_MILLIS_FIELD_NUMBER, times, rows, base);
    }
    if (eventIdLengths.length > 0) {
      batch.bytes(RecordBatch.EVENT_IDS_FIELD_NUMBER, eventIds, eventIdBytes);
      batch.uint32s(RecordBatch.EVENT_ID_LENGTHS_FIELD_NUMBER, eventIdLengths, rows, 0);
    }
    if (userBytes > 0) {
      batch.bytes(RecordBatch.USERS_FIELD_NUMBER, users, userBytes);
      batch.uint32s(RecordBatch.USER_LENGTHS_FIELD_NUMBER, userLengths, rows, 0);
    }
    if (repeats.length > 0) {
      batch.uint32s(RecordBatch.REPEATS_FIELD_NUMBER, repeats, rows, 1);
    }
  }

  /** The other rows, in their order. */
  Columns without(BitSet dropped) {
    Columns rest = new Columns(timed);
    int offset = 0;
    int userOffset = 0;
    int idOffset = 0;
    for (int i = 0; i < rows; i++) {
      byte[] eventId = eventId(i, idOffset);
      if (!dropped.get(i)) {
        rest.append(metric(i), keys, offset, keyLengths[i], delta(i), time(i), eventId);
        rest.setUser(users, userOffset, userLength(i));
        for (int repeat = 1; repeat < increments(i); repeat++) {
          rest.repeat(rest.rows - 1);
        }
      }
      offset += keyLengths[i];
      userOffset += userLength(i);
      idOffset += eventId == null ? 0 : eventId.length;
    }
    return rest;
  }

  /** Of each row one of the increments that it is, as the caller gave it. */
  List<Increment> examples() {
    List<Increment> increments = new ArrayList<>(rows);
    int offset = 0;
    int userOffset = 0;
    int idOffset = 0;
    for (int i = 0; i < rows; i++) {
      Increment.Builder increment =
          Increment.builder(metric(i), Arrays.copyOfRange(keys, offset, offset + keyLengths[i]))
              .user(Arrays.copyOfRange(users, userOffset, userOffset + userLength(i)))
              .delta(delta(i));
      if (timed) {
        increment.eventTimeMillis(times[i]);
      }
      byte[] eventId = eventId(i, idOffset);
      if (eventId != null) {
        increment.eventId(eventId);
        idOffset += eventId.length;
      }
      increments.add(increment.build());
      offset += keyLengths[i];
      userOffset += userLength(i);
    }
    return increments;
  }

  private String metric(int row) {
    return metrics.get(metricIndexes.length == 0 ? 0 : metricIndexes[row]);
  }

  private long delta(int row) {
    return deltas.length == 0 ? 1 : deltas[row];
  }

  private int userLength(int row) {
    return row < userLengths.length ? userLengths[row] : 0;
  }

  private byte @Nullable [] eventId(int row, int offset) {
    return eventIdLengths.length == 0 || eventIdLengths[row] == 0
        ? null
        : Arrays.copyOfRange(eventIds, offset, offset + eventIdLengths[row]);
  }

  private long time(int row) {
    return timed ? times[row] : UNTIMED;
  }
}
