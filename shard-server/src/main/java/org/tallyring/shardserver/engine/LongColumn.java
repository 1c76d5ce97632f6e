package org.tallyring.shardserver.engine;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.Arrays;

/** A column of signed 64-bit numbers, used again for one batch after the other. */
final class LongColumn {

  private long[] values = new long[0];
  private int size;

  /** How many numbers there are. */
  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** A number of a column that a batch may leave out. */
  long get(int row, long absent) {
    return size == 0 ? absent : values[row];
  }

  /** Makes it empty, and gives up what a batch of unusual size made it grow to. */
  void clear() {
    size = 0;
    if (values.length > BatchColumns.MOST_KEPT_ROWS) {
      values = new long[0];
    }
  }

  /** Takes in one field: a number, or any count of them one after the other. */
  void read(CodedInputStream input, int tag) throws IOException {
    if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT) {
      add(input.readSInt64());
      return;
    }
    int outer = input.pushLimit(input.readRawVarint32());
    while (input.getBytesUntilLimit() > 0) {
      add(input.readSInt64());
    }
    input.popLimit(outer);
  }

  private void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, Math.max(BatchColumns.FIRST_ROWS, 2 * size));
    }
    values[size++] = value;
  }
}
