package org.tallyring.shardserver.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The bytes of keys by slot. Append-only.
 *
 * <p>A key of up to {@value #MAX_SHORT} bytes, as most are, is three {@code long}s in a page of
 * {@value #PAGE_SLOTS} slots: its bytes from the most significant on, zeros, and its length in the
 * last byte. So the slot alone says where it is, one cache line or two have it whole, and unsigned
 * numbers compare as the bytes do. Of a longer key there are the first 8 bytes and its address in a
 * {@link KeySlab}. Keys live in arrays, not in objects, because at millions of keys the object
 * headers would outweigh the keys.
 */
final class KeyStore {

  /** The longest key that is kept in words. */
  static final int MAX_SHORT = 3 * Long.BYTES - 1;

  private static final int WORDS = 3;
  private static final int PAGE_BITS = 12;
  private static final int PAGE_SLOTS = 1 << PAGE_BITS;
  private static final int PAGE_MASK = PAGE_SLOTS - 1;

  // The first page grows to its full size by doubling, so that a small namespace costs little.
  private static final int FIRST_PAGE_SLOTS = 16;

  /** In place of the length: the key is in the slab. */
  private static final int LONG_KEY = 0xFF;

  private static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final KeySlab longKeys;
  private long[][] pages;

  /** Keeps the compiler from leaving out reads whose values nobody needs. */
  @SuppressWarnings("UnusedVariable")
  private long touched;

  /** An empty store. */
  KeyStore() {
    this(new KeySlab(), new long[][] {new long[FIRST_PAGE_SLOTS * WORDS]});
  }

  private KeyStore(KeySlab longKeys, long[][] pages) {
    this.longKeys = longKeys;
    this.pages = pages;
  }

  /**
   * A view of the keys that are here now, which stays right while others are added, also on another
   * thread.
   */
  KeyStore frozen() {
    return new KeyStore(longKeys.frozen(), pages.clone());
  }

  /**
   * Reads keys, and does nothing with them. The processor has only so many instructions under way;
   * since comparing takes many and this few, this has more waits for memory overlap.
   *
   * @param slots may be {@link KeyTable#NO_SLOT}
   */
  void touch(int[] slots, int count) {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      int slot = Math.max(slots[i], 0);
      int at = (slot & PAGE_MASK) * WORDS;
      long[] page = pages[slot >>> PAGE_BITS];
      sum += page[at] + page[at + WORDS - 1];
    }
    touched = sum;
  }

  /** Stores the key of a slot, which is the next. */
  void append(int slot, byte[] bytes, int offset, int length) {
    int index = slot >>> PAGE_BITS;
    int at = (slot & PAGE_MASK) * WORDS;
    makeRoom(index, at);
    long[] page = pages[index];
    page[at] = word(bytes, offset, length, 0);
    if (length <= MAX_SHORT) {
      page[at + 1] = word(bytes, offset, length, 1);
      page[at + 2] = word(bytes, offset, length, 2) | length;
    } else {
      page[at + 1] = longKeys.append(bytes, offset, length);
      page[at + 2] = LONG_KEY;
    }
  }

  private void makeRoom(int index, int at) {
    if (index == pages.length) {
      pages = Arrays.copyOf(pages, pages.length * 2);
    }
    if (pages[index] == null) {
      pages[index] = new long[PAGE_SLOTS * WORDS];
    } else if (at == pages[index].length) {
      pages[index] = Arrays.copyOf(pages[index], at * 2);
    }
  }

  /** Whether the key of a slot is {@code bytes[offset, offset + length)}. */
  boolean matches(int slot, byte[] bytes, int offset, int length) {
    long[] page = pages[slot >>> PAGE_BITS];
    int at = (slot & PAGE_MASK) * WORDS;
    if (page[at] != word(bytes, offset, length, 0)) {
      return false;
    }
    return length <= MAX_SHORT
        ? page[at + 1] == word(bytes, offset, length, 1)
            && page[at + 2] == (word(bytes, offset, length, 2) | length)
        : page[at + 2] == LONG_KEY && longKeys.matches((int) page[at + 1], bytes, offset, length);
  }

  /** Compares two keys byte by byte as unsigned numbers; a prefix comes before what it begins. */
  int compare(int slot, int other) {
    long[] page = pages[slot >>> PAGE_BITS];
    int at = (slot & PAGE_MASK) * WORDS;
    long[] otherPage = pages[other >>> PAGE_BITS];
    int otherAt = (other & PAGE_MASK) * WORDS;
    if (page[at] != otherPage[otherAt]) {
      return Long.compareUnsigned(page[at], otherPage[otherAt]);
    }
    if (page[at + 2] == LONG_KEY || otherPage[otherAt + 2] == LONG_KEY) {
      return Arrays.compareUnsigned(get(slot), get(other));
    }
    // No key has a zero byte, so the zeros at the end of the shorter one sort it first.
    int byWord = Long.compareUnsigned(page[at + 1], otherPage[otherAt + 1]);
    return byWord != 0 ? byWord : Long.compareUnsigned(page[at + 2], otherPage[otherAt + 2]);
  }

  /**
   * The first eight bytes of a key, filled up with zero bytes, as a number whose signed order is
   * the unsigned order of the bytes. Keys of different prefixes compare like their prefixes; of
   * equal ones nothing follows.
   */
  long prefix(int slot) {
    return pages[slot >>> PAGE_BITS][(slot & PAGE_MASK) * WORDS] ^ Long.MIN_VALUE;
  }

  /** A copy of the key of a slot. */
  byte[] get(int slot) {
    long[] page = pages[slot >>> PAGE_BITS];
    int at = (slot & PAGE_MASK) * WORDS;
    int length = (int) page[at + 2] & 0xFF;
    if (length == LONG_KEY) {
      return longKeys.get((int) page[at + 1]);
    }
    byte[] key = new byte[length];
    copyShort(page, at, length, key);
    return key;
  }

  /**
   * Copies the key of a slot to the start of an array.
   *
   * @param to at least as long as any key
   * @return the key's length
   */
  int copy(int slot, byte[] to) {
    long[] page = pages[slot >>> PAGE_BITS];
    int at = (slot & PAGE_MASK) * WORDS;
    int length = (int) page[at + 2] & 0xFF;
    if (length == LONG_KEY) {
      byte[] key = longKeys.get((int) page[at + 1]);
      System.arraycopy(key, 0, to, 0, key.length);
      return key.length;
    }
    copyShort(page, at, length, to);
    return length;
  }

  private static void copyShort(long[] page, int at, int length, byte[] to) {
    for (int i = 0; i < length; i++) {
      to[i] = (byte) (page[at + i / Long.BYTES] >>> (Long.BYTES - 1 - i % Long.BYTES) * Byte.SIZE);
    }
  }

  /** The {@code index}-th eight bytes of a key, filled up with zero bytes. */
  private static long word(byte[] bytes, int offset, int length, int index) {
    int left = length - index * Long.BYTES;
    int start = offset + index * Long.BYTES;
    if (left >= Long.BYTES) {
      return (long) WORD.get(bytes, start);
    }
    if (left <= 0) {
      return 0;
    }
    if (start + Long.BYTES <= bytes.length) {
      int surplusBits = (Long.BYTES - left) * Byte.SIZE;
      return (long) WORD.get(bytes, start) >>> surplusBits << surplusBits;
    }
    long word = 0;
    for (int i = 0; i < left; i++) {
      word |= (bytes[start + i] & 0xFFL) << (Long.BYTES - 1 - i) * Byte.SIZE;
    }
    return word;
  }
}
