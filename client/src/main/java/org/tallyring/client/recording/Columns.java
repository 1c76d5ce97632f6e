package org.tallyring.client.recording;

import com.google.protobuf.UnsafeByteOperations;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.tallyring.client.Increment;
import org.tallyring.proto.v1.RecordBatch;

/**
 * The rows of a batch, column by column, in growing arrays: a row costs no object.
 *
 * <p>A column whose rows are all alike is not there (one metric, deltas of 1), as in the message it
 * becomes. Either every row has an event time or none has: a message has one base time or leaves
 * the time of all its rows to the shard. Not thread-safe.
 */
final class Columns {

  /** In place of an event time: there is none. Outside of the years that can be counted. */
  static final long UNTIMED = Long.MIN_VALUE;

  private static final int FIRST_KEY_BYTES = 512;
  private static final int FIRST_ROWS = 16;
  private static final int[] NO_INTS = {};
  private static final long[] NO_LONGS = {};

  private final boolean timed;
  private final List<String> metrics = new ArrayList<>(1);
  private byte[] keys = new byte[FIRST_KEY_BYTES];
  private int keyBytes;
  private int[] keyLengths = new int[FIRST_ROWS];
  private int rows;
  private int[] metricIndexes = NO_INTS;
  private long[] deltas = NO_LONGS;
  private long[] times = NO_LONGS;
  private byte[] users = {};
  private int userBytes;
  private int[] userLengths = NO_INTS;

  /** No rows yet; {@code timed} says whether they will have event times. */
  Columns(boolean timed) {
    this.timed = timed;
  }

  int rows() {
    return rows;
  }

  /** The bytes of keys and users. */
  int rowBytes() {
    return keyBytes + userBytes;
  }

  boolean isTimed() {
    return timed;
  }

  /** Adds a row; {@code time} is {@link #UNTIMED} exactly if the rows have no event times. */
  void append(String metric, byte[] key, int offset, int length, long delta, long time) {
    if (rows == keyLengths.length) {
      keyLengths = Arrays.copyOf(keyLengths, rows * 2);
    }
    if (keyBytes + length > keys.length) {
      keys = Arrays.copyOf(keys, Math.max(keys.length * 2, keyBytes + length));
    }
    System.arraycopy(key, offset, keys, keyBytes, length);
    keyBytes += length;
    keyLengths[rows] = length;
    appendMetric(metric);
    appendDelta(delta);
    if (timed) {
      times = grown(times);
      times[rows] = time;
    }
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

  private long[] grown(long[] column) {
    return column.length > rows ? column : Arrays.copyOf(column, keyLengths.length);
  }

  /** The rows as a message. The keys are not copied, so no rows may be added afterwards. */
  RecordBatch toMessage(String namespace, int rangeId, long sequence) {
    RecordBatch.Builder batch =
        RecordBatch.newBuilder()
            .setNamespace(namespace)
            .setRangeId(rangeId)
            .setSequence(sequence)
            .addAllMetrics(metrics)
            .setKeys(UnsafeByteOperations.unsafeWrap(keys, 0, keyBytes));
    for (int i = 0; i < rows; i++) {
      batch.addKeyLengths(keyLengths[i]);
    }
    if (metricIndexes.length > 0) {
      for (int i = 0; i < rows; i++) {
        batch.addMetricIndexes(metricIndexes[i]);
      }
    }
    if (deltas.length > 0) {
      for (int i = 0; i < rows; i++) {
        batch.addDeltas(deltas[i]);
      }
    }
    if (timed) {
      long base = times[0];
      batch.setBaseTimeMillis(base);
      for (int i = 0; i < rows; i++) {
        batch.addTimeOffsetsMillis(times[i] - base);
      }
    }
    if (userBytes > 0) {
      batch.setUsers(UnsafeByteOperations.unsafeWrap(users, 0, userBytes));
      for (int i = 0; i < rows; i++) {
        batch.addUserLengths(userLength(i));
      }
    }
    return batch.build();
  }

  /** The other rows, in their order. */
  Columns without(BitSet dropped) {
    Columns rest = new Columns(timed);
    int offset = 0;
    int userOffset = 0;
    for (int i = 0; i < rows; i++) {
      if (!dropped.get(i)) {
        rest.append(metric(i), keys, offset, keyLengths[i], delta(i), time(i));
        rest.setUser(users, userOffset, userLength(i));
      }
      offset += keyLengths[i];
      userOffset += userLength(i);
    }
    return rest;
  }

  /** The rows as the caller gave them. */
  List<Increment> increments() {
    List<Increment> increments = new ArrayList<>(rows);
    int offset = 0;
    int userOffset = 0;
    for (int i = 0; i < rows; i++) {
      Increment.Builder increment =
          Increment.builder(metric(i), Arrays.copyOfRange(keys, offset, offset + keyLengths[i]))
              .user(Arrays.copyOfRange(users, userOffset, userOffset + userLength(i)))
              .delta(delta(i));
      if (timed) {
        increment.eventTimeMillis(times[i]);
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

  private long time(int row) {
    return timed ? times[row] : UNTIMED;
  }
}
