package org.tallyring.shardserver.engine;

import java.util.Arrays;

/**
 * Append-only storage of long keys, addressed by an {@code int}.
 *
 * <p>A key is stored as two bytes of length and its bytes, at an even place of a chunk that it
 * never leaves. So an address counts units of two bytes: 15 bits say where in a chunk of 64 KiB, 17
 * bits say in which, which makes 8 GiB.
 */
final class KeySlab {

  private static final int CHUNK_BYTES = 1 << 16;
  private static final int UNIT_BITS = 15;
  private static final int UNIT_MASK = (1 << UNIT_BITS) - 1;
  private static final int MAX_CHUNKS = 1 << (32 - UNIT_BITS);
  private static final int LENGTH_BYTES = 2;

  // The first chunk grows to its full size by doubling, so that a small namespace costs little.
  private static final int FIRST_CHUNK_BYTES = 512;

  private byte[][] chunks = new byte[][] {new byte[FIRST_CHUNK_BYTES]};
  private int last;
  private int used;

  /**
   * A view of the keys that are here now, which stays right while others are added, also on another
   * thread.
   */
  KeySlab frozen() {
    KeySlab frozen = new KeySlab();
    frozen.chunks = chunks.clone();
    return frozen;
  }

  /** Stores a key and returns its address. */
  int append(byte[] bytes, int offset, int length) {
    int needed = (LENGTH_BYTES + length + 1) & ~1;
    if (needed > CHUNK_BYTES) {
      throw new IllegalArgumentException(
          "key length: " + length + " (expected: at most " + (CHUNK_BYTES - LENGTH_BYTES) + ")");
    }
    makeRoom(needed);
    byte[] chunk = chunks[last];
    chunk[used] = (byte) (length >>> 8);
    chunk[used + 1] = (byte) length;
    System.arraycopy(bytes, offset, chunk, used + LENGTH_BYTES, length);
    int address = last << UNIT_BITS | used >>> 1;
    used += needed;
    return address;
  }

  /** Whether the key at an address is {@code bytes[offset, offset + length)}. */
  boolean matches(int address, byte[] bytes, int offset, int length) {
    byte[] chunk = chunks[address >>> UNIT_BITS];
    int at = (address & UNIT_MASK) << 1;
    int start = at + LENGTH_BYTES;
    return lengthAt(chunk, at) == length
        && Arrays.equals(chunk, start, start + length, bytes, offset, offset + length);
  }

  /** A copy of the key at an address. */
  byte[] get(int address) {
    byte[] chunk = chunks[address >>> UNIT_BITS];
    int at = (address & UNIT_MASK) << 1;
    int start = at + LENGTH_BYTES;
    return Arrays.copyOfRange(chunk, start, start + lengthAt(chunk, at));
  }

  private void makeRoom(int needed) {
    while (used + needed > chunks[last].length) {
      if (chunks[last].length < CHUNK_BYTES) {
        chunks[last] = Arrays.copyOf(chunks[last], chunks[last].length * 2);
      } else {
        addChunk();
      }
    }
  }

  private void addChunk() {
    if (last + 1 == MAX_CHUNKS) {
      throw new IllegalStateException("the keys of one namespace in one range exceed 8 GiB");
    }
    last++;
    if (last == chunks.length) {
      chunks = Arrays.copyOf(chunks, Math.min(MAX_CHUNKS, chunks.length * 2));
    }
    chunks[last] = new byte[CHUNK_BYTES];
    used = 0;
  }

  private static int lengthAt(byte[] chunk, int at) {
    return (chunk[at] & 0xFF) << 8 | (chunk[at + 1] & 0xFF);
  }
}
