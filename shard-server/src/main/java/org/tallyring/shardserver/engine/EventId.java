package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import org.tallyring.topology.name.EventIdRules;

/**
 * An event id: its bytes from the left, padded with zeros, and their number, which tells ids apart
 * that differ in trailing zeros.
 *
 * @param high the first eight bytes
 * @param low the last eight bytes
 * @param length 1 to {@value #MAX_LENGTH}
 */
public record EventId(long high, long low, int length) {

  /** The most bytes an id can have. */
  static final int MAX_LENGTH = EventIdRules.MAX_LENGTH;

  /** The id in {@code bytes[start, start + length)}. */
  static EventId of(ByteBuffer bytes, int start, int length) {
    return length == MAX_LENGTH
        ? new EventId(bytes.getLong(start), bytes.getLong(start + Long.BYTES), length)
        : new EventId(
            number(bytes, start, Math.min(length, Long.BYTES)),
            number(bytes, start + Long.BYTES, length - Long.BYTES),
            length);
  }

  /** Its bytes. */
  ByteString bytes() {
    ByteBuffer bytes = ByteBuffer.allocate(MAX_LENGTH).putLong(high).putLong(low).flip();
    return ByteString.copyFrom(bytes, length);
  }

  /** The number whose top bytes are the given ones. */
  private static long number(ByteBuffer bytes, int start, int count) {
    long number = 0;
    for (int i = 0; i < count; i++) {
      number |= (bytes.get(start + i) & 0xFFL) << (Long.SIZE - Byte.SIZE * (i + 1));
    }
    return number;
  }
}
