package org.tallyring.shardserver.engine;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.Arrays;

/** A column of unsigned 32-bit numbers, used again for one batch after the other. */
final class IntColumn {

  private int[] values = new int[0];
  private int size;

  /** How many numbers there are. */
  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  int get(int row) {
    return values[row];
  }

  /** A number of a column that a batch may leave out. */
  int get(int row, int absent) {
    return size == 0 ? absent : values[row];
  }

  /** The sum of the numbers, which are unsigned. */
  long sum() {
    long sum = 0;
    for (int row = 0; row < size; row++) {
      sum += Integer.toUnsignedLong(values[row]);
    }
    return sum;
  }

  /** Makes it empty, and gives up what a batch of unusual size made it grow to. */
  void clear() {
    size = 0;
    if (values.length > BatchColumns.MOST_KEPT_ROWS) {
      values = new int[0];
    }
  }

  /** Takes in one field: a number, or any count of them one after the other. */
  void read(CodedInputStream input, int tag) throws IOException {
    if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT) {
      add(input.readUInt32());
      return;
    }
    int outer = input.pushLimit(input.readRawVarint32());
    while (input.getBytesUntilLimit() > 0) {
      add(input.readUInt32());
    }
    input.popLimit(outer);
  }

  private void add(int value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, Math.max(BatchColumns.FIRST_ROWS, 2 * size));
    }
    values[size++] = value;
  }
}
