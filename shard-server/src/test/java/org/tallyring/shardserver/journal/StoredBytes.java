package org.tallyring.shardserver.journal;

import java.nio.ByteBuffer;

/**
 * An entry of bytes that nobody interprets.
 *
 * @param bytes the bytes
 */
public record StoredBytes(byte[] bytes) implements EntryBytes {

  /** The bytes that an append would store. */
  public static byte[] of(EntryBytes entry) {
    byte[] bytes = new byte[entry.size()];
    entry.writeTo(ByteBuffer.wrap(bytes));
    return bytes;
  }

  @Override
  public int size() {
    return bytes.length;
  }

  @Override
  public void writeTo(ByteBuffer destination) {
    destination.put(bytes);
  }
}
