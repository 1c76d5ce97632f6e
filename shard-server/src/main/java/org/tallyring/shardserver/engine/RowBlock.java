package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.Arrays;

/**
 * A block of consecutive rows of a batch, spread into arrays that are used again for the next
 * block.
 *
 * <p>512 rows: enough for cache misses to overlap, few enough for the arrays (about 20 KiB and the
 * keys) to stay in the second-level cache and to cost little in each range.
 */
final class RowBlock {

  /** How many rows a block has at most. */
  static final int CAPACITY = 512;

  private static final int INITIAL_KEY_BYTES = CAPACITY * 16;

  /** How many rows there are. */
  int size;

  /** All keys, one after the other; row {@code i} is {@code [keyStarts[i], keyStarts[i + 1])}. */
  byte[] keys = new byte[INITIAL_KEY_BYTES];

  final int[] keyStarts = new int[CAPACITY + 1];

  /** Index of each row's metric in the batch. */
  final int[] metricIndexes = new int[CAPACITY];

  /** How many increments the range applied before the first row: what coins are made of. */
  long firstIncrement;

  /** The users, laid out as the keys are; all empty where the batch has none. */
  private byte[] users = {};

  private final int[] userStarts = new int[CAPACITY + 1];

  /** Where each row was before rows were moved. */
  private final int[] origins = new int[CAPACITY];

  /** What each row adds: its delta, as often as it occurs. */
  final long[] deltas = new long[CAPACITY];

  /** How many increments each row is; without meaning if all are one. */
  private final int[] repeats = new int[CAPACITY];

  private boolean isRepeated;
  final long[] timesMillis = new long[CAPACITY];

  /** Set by {@link KeyTable#resolve}; the hashes are its scratch. */
  final int[] slots = new int[CAPACITY];

  final long[] hashes = new long[CAPACITY];

  /**
   * Takes the rows from {@code firstRow} on, as many as fit.
   *
   * @param baseTimeMillis what time offsets count from
   * @param keyOffset where in the batch's keys the first row's key starts
   * @param userOffset where in the batch's users the first row's user starts
   */
  void load(
      BatchColumns columns, long baseTimeMillis, int firstRow, int keyOffset, int userOffset) {
    size = Math.min(CAPACITY, columns.rows() - firstRow);
    loadKeys(columns, firstRow, keyOffset);
    loadUsers(columns, firstRow, userOffset);
    isRepeated = !columns.repeats.isEmpty();
    for (int i = 0; i < size; i++) {
      origins[i] = i;
      metricIndexes[i] = columns.metricIndex(firstRow + i);
      deltas[i] = columns.delta(firstRow + i);
      timesMillis[i] = baseTimeMillis + columns.timeOffsetMillis(firstRow + i);
    }
    for (int i = 0; isRepeated && i < size; i++) {
      repeats[i] = columns.repeats.get(firstRow + i);
      deltas[i] *= repeats[i];
    }
  }

  /** How many increments some consecutive rows are. */
  long increments(int from, int to) {
    if (!isRepeated) {
      return to - from;
    }
    long increments = 0;
    for (int i = from; i < to; i++) {
      increments += repeats[i];
    }
    return increments;
  }

  /**
   * Moves a row to an earlier place, whose own row is given up; its key and user stay where they
   * are and are found there.
   */
  void move(int row, int to) {
    origins[to] = origins[row];
    metricIndexes[to] = metricIndexes[row];
    deltas[to] = deltas[row];
    repeats[to] = repeats[row];
    timesMillis[to] = timesMillis[row];
    slots[to] = slots[row];
  }

  /** How many bytes the keys of this block have. */
  int keyBytes() {
    return keyStarts[size];
  }

  /** How many bytes the users of this block have. */
  int userBytes() {
    return userStarts[size];
  }

  /** A copy of a row's key. */
  ByteString key(int row) {
    int at = origins[row];
    return ByteString.copyFrom(keys, keyStarts[at], keyStarts[at + 1] - keyStarts[at]);
  }

  /** A copy of a row's user; empty if it has none. */
  byte[] user(int row) {
    int at = origins[row];
    return Arrays.copyOfRange(users, userStarts[at], userStarts[at + 1]);
  }

  /**
   * The end, exclusive, of the rows from {@code from} on with its metric and a time in the given
   * minute.
   */
  int endOfRun(int from, long minuteStartMillis, long minuteEndMillis) {
    int metric = metricIndexes[from];
    int end = from + 1;
    while (end < size
        && metricIndexes[end] == metric
        && timesMillis[end] >= minuteStartMillis
        && timesMillis[end] < minuteEndMillis) {
      end++;
    }
    return end;
  }

  /** The sum of the absolute values of the deltas, or the largest number. */
  long absoluteSum() {
    long sum = 0;
    for (int i = 0; i < size; i++) {
      sum = AbsoluteSum.add(sum, AbsoluteSum.of(deltas[i]));
    }
    return sum;
  }

  private void loadKeys(BatchColumns columns, int firstRow, int keyOffset) {
    int end = 0;
    for (int i = 0; i < size; i++) {
      end += columns.keyLengths.get(firstRow + i);
      keyStarts[i + 1] = end;
    }
    if (keys.length < end) {
      keys = new byte[end];
    }
    System.arraycopy(columns.bytes, columns.keys.start() + keyOffset, keys, 0, end);
  }

  private void loadUsers(BatchColumns columns, int firstRow, int userOffset) {
    if (columns.userLengths.isEmpty()) {
      Arrays.fill(userStarts, 0);
      return;
    }
    int end = 0;
    for (int i = 0; i < size; i++) {
      end += columns.userLengths.get(firstRow + i);
      userStarts[i + 1] = end;
    }
    int start = columns.users.start() + userOffset;
    users = Arrays.copyOfRange(columns.bytes, start, start + end);
  }
}
