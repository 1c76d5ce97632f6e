package org.tallyring.client.recording;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Writes a message field by field, from arrays, or adds up how many bytes that would be. Whoever
 * has a message tells its fields twice, first to find out the size, so that it is written to its
 * place at once and nothing grows. A field with its default value is left out. Not thread-safe.
 */
final class WireFields {

  /** Tells the fields of a message, each time the same. */
  interface Message {
    void tell(WireFields to) throws IOException;
  }

  private final @Nullable CodedOutputStream out;
  private int size;

  private WireFields(@Nullable CodedOutputStream out) {
    this.out = out;
  }

  /** The bytes of a message. */
  static ByteString encode(Message message) {
    try {
      WireFields measured = new WireFields(null);
      message.tell(measured);
      byte[] bytes = new byte[measured.size];
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      message.tell(new WireFields(out));
      out.checkNoSpaceLeft();
      return UnsafeByteOperations.unsafeWrap(bytes);
    } catch (IOException wrong) {
      throw new IllegalStateException("a message that has another size each time", wrong);
    }
  }

  void text(int field, String value) throws IOException {
    if (!value.isEmpty()) {
      element(field, value);
    }
  }

  /** An element of a repeated field, which is there even if it is empty. */
  void element(int field, String value) throws IOException {
    if (out == null) {
      size += CodedOutputStream.computeStringSize(field, value);
    } else {
      out.writeString(field, value);
    }
  }

  /** The first bytes of an array. */
  void bytes(int field, byte[] array, int length) throws IOException {
    if (length == 0) {
      return;
    }
    if (out == null) {
      size += headSize(field, length) + length;
    } else {
      out.writeByteArray(field, array, 0, length);
    }
  }

  void uint64(int field, long value) throws IOException {
    if (value == 0) {
      return;
    }
    present(field, value);
  }

  /** A number in a field that tells whether it is there. */
  void present(int field, long value) throws IOException {
    if (out == null) {
      size += CodedOutputStream.computeUInt64Size(field, value);
    } else {
      out.writeUInt64(field, value);
    }
  }

  /**
   * A column of numbers that are not negative.
   *
   * @param column the numbers, less {@code more} each; 0 for rows that it does not reach
   */
  void uint32s(int field, int[] column, int rows, int more) throws IOException {
    int bytes = 0;
    for (int row = 0; row < rows; row++) {
      bytes += CodedOutputStream.computeUInt32SizeNoTag(at(column, row) + more);
    }
    CodedOutputStream numbers = begin(field, bytes);
    for (int row = 0; numbers != null && row < rows; row++) {
      numbers.writeUInt32NoTag(at(column, row) + more);
    }
  }

  private static int at(int[] column, int row) {
    return row < column.length ? column[row] : 0;
  }

  /**
   * A column of numbers of either sign.
   *
   * @param less what is subtracted from each
   */
  void sint64s(int field, long[] column, int rows, long less) throws IOException {
    int bytes = 0;
    for (int row = 0; row < rows; row++) {
      bytes += CodedOutputStream.computeSInt64SizeNoTag(column[row] - less);
    }
    CodedOutputStream numbers = begin(field, bytes);
    for (int row = 0; numbers != null && row < rows; row++) {
      numbers.writeSInt64NoTag(column[row] - less);
    }
  }

  /** Where the numbers of a column are to be written to; null while sizes are added up. */
  private @Nullable CodedOutputStream begin(int field, int bytes) throws IOException {
    if (out == null) {
      size += headSize(field, bytes) + bytes;
      return null;
    }
    out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt32NoTag(bytes);
    return out;
  }

  private static int headSize(int field, int bytes) {
    return CodedOutputStream.computeTagSize(field)
        + CodedOutputStream.computeUInt32SizeNoTag(bytes);
  }
}
