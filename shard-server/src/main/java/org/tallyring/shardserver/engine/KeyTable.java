package org.tallyring.shardserver.engine;

import java.util.Arrays;
import org.tallyring.topology.hash.KeyHash;

/**
 * The keys of one namespace in one range, each with a slot: 0 for the first key seen, then
 * contiguous, for ever. Counts are kept by slot, so a key's bytes are looked at once per increment,
 * whatever the number of windows.
 *
 * <p>Open addressing with linear probing, in segments. An entry is one {@code long}: the low 32
 * bits of the key's hash, its <em>tag</em>, then its slot plus one; 0 is a free entry. The tag's
 * highest bits say in which segment, its low bits where in it; the hash's own top bits are the same
 * for all keys of a range. The bits between tell nearly all different keys apart before their bytes
 * are compared. The bytes are always compared: the table is exact.
 *
 * <p>A segment that is full is split in two by one more bit of the tags, which are in the entries:
 * growing reads no key, and never stops the writer for longer than {@value #SEGMENT} entries take
 * (extendible hashing: Fagin, Nievergelt, Pippenger and Strong, 1979).
 *
 * <p>A lookup waits for memory twice (entry, key), 150-280 ns each when it misses the caches, while
 * misses that do not depend on each other overlap at about 20 ns. Hence {@link #resolve} takes a
 * block of rows through these steps in separate loops, whose iterations are independent.
 */
final class KeyTable {

  /** The slot of a key that is not here. */
  static final int NO_SLOT = -1;

  private static final int INITIAL_CAPACITY = 64;

  /** How many entries a segment has before it is split. */
  static final int SEGMENT = 1 << 13;

  /** So many bits of the tag at most choose a segment; the place takes those below. */
  private static final int MAX_DEPTH = 16;

  private final KeyHash hash;
  private final KeyStore store = new KeyStore();

  /** By the highest {@link #depth} bits of the tag; neighbours may be one and the same. */
  private long[][] segments = {new long[INITIAL_CAPACITY]};

  /** For each segment, how many of these bits its entries have in common, and how many it has. */
  private int[] depths = {0};

  private int[] sizes = {0};

  private int depth;

  /** Keeps the compiler from leaving out reads whose values nobody needs. */
  @SuppressWarnings("UnusedVariable")
  private long touched;

  private int size;

  /** An empty table of keys of a namespace. */
  KeyTable(String namespace) {
    hash = new KeyHash(namespace);
  }

  /** How many keys there are; their slots are below. */
  int size() {
    return size;
  }

  /** The slot of a key, or {@link #NO_SLOT}. */
  int slotOf(byte[] key) {
    return find((int) hash.hash(key), key, 0, key.length);
  }

  /** The slot of a key, which is added if it is new. */
  int slotOfAdded(byte[] bytes, int offset, int length) {
    return findOrAdd((int) hash.hash(bytes, offset, length), bytes, offset, length);
  }

  /**
   * Sets the slot of each row of a block, adding the keys that are new in the order of the rows.
   */
  void resolve(RowBlock rows) {
    int count = rows.size;
    byte[] keys = rows.keys;
    int[] starts = rows.keyStarts;
    long[] hashes = rows.hashes;
    int[] slots = rows.slots;
    for (int i = 0; i < count; i++) {
      hashes[i] = hash.hash(keys, starts[i], starts[i + 1] - starts[i]);
    }
    touchEntries(hashes, count);
    for (int i = 0; i < count; i++) {
      slots[i] = firstWithTagOf((int) hashes[i]);
    }
    store.touch(slots, count);
    for (int i = 0; i < count; i++) {
      int length = starts[i + 1] - starts[i];
      if (slots[i] == NO_SLOT || !store.matches(slots[i], keys, starts[i], length)) {
        slots[i] = findOrAdd((int) hashes[i], keys, starts[i], length);
      }
    }
  }

  /** As {@link KeyStore#touch}. */
  private void touchEntries(long[] hashes, int count) {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      int tag = (int) hashes[i];
      long[] entries = segments[segmentOf(tag)];
      sum += entries[tag & (entries.length - 1)];
    }
    touched = sum;
  }

  /** The keys that are here now, to be read while others are added, also on another thread. */
  KeyStore frozenKeys() {
    return store.frozen();
  }

  /** A copy of the key in a slot. */
  byte[] key(int slot) {
    return store.get(slot);
  }

  /** See {@link KeyStore#prefix}. */
  long keyPrefix(int slot) {
    return store.prefix(slot);
  }

  /** Compares the keys of two slots byte by byte, as unsigned numbers. */
  int compareKeys(int slot, int other) {
    return store.compare(slot, other);
  }

  private int segmentOf(int tag) {
    // As a long, because a depth of 0 shifts by all 32 bits.
    return (int) (Integer.toUnsignedLong(tag) >>> (Integer.SIZE - depth));
  }

  private int firstWithTagOf(int tag) {
    long[] entries = segments[segmentOf(tag)];
    int mask = entries.length - 1;
    for (int place = tag & mask; ; place = (place + 1) & mask) {
      long entry = entries[place];
      if (entry == 0) {
        return NO_SLOT;
      }
      if ((int) (entry >>> 32) == tag) {
        return (int) entry - 1;
      }
    }
  }

  private int find(int tag, byte[] bytes, int offset, int length) {
    long[] entries = segments[segmentOf(tag)];
    int mask = entries.length - 1;
    for (int place = tag & mask; ; place = (place + 1) & mask) {
      long entry = entries[place];
      if (entry == 0) {
        return NO_SLOT;
      }
      int slot = (int) entry - 1;
      if ((int) (entry >>> 32) == tag && store.matches(slot, bytes, offset, length)) {
        return slot;
      }
    }
  }

  private int findOrAdd(int tag, byte[] bytes, int offset, int length) {
    int found = find(tag, bytes, offset, length);
    if (found != NO_SLOT) {
      return found;
    }
    makeRoom(tag);
    int slot = size;
    store.append(slot, bytes, offset, length);
    size++;
    int segment = segmentOf(tag);
    insert(segments[segment], ((long) tag << 32) | (slot + 1));
    setSize(segment, sizes[segment] + 1);
    return slot;
  }

  /**
   * Grows or splits the segment of a tag until it is at most 3/4 full: probes stay short and end.
   */
  private void makeRoom(int tag) {
    int segment = segmentOf(tag);
    while (sizes[segment] >= segments[segment].length / 4 * 3) {
      if (segments[segment].length < SEGMENT || depths[segment] == MAX_DEPTH) {
        grow(segment);
      } else {
        split(segment);
      }
      segment = segmentOf(tag);
    }
  }

  private void grow(int segment) {
    long[] larger = new long[Math.multiplyExact(segments[segment].length, 2)];
    for (long entry : segments[segment]) {
      if (entry != 0) {
        insert(larger, entry);
      }
    }
    int first = firstOf(segment);
    Arrays.fill(segments, first, first + aliases(segment), larger);
  }

  private void split(int splitting) {
    int segment = splitting;
    if (depths[segment] == depth) {
      doubleDirectory();
      segment *= 2;
    }
    int bit = Integer.SIZE - 1 - depths[segment];
    long[] lower = new long[SEGMENT];
    long[] upper = new long[SEGMENT];
    int inUpper = 0;
    for (long entry : segments[segment]) {
      if (entry != 0) {
        boolean isUpper = (entry >>> 32 + bit & 1) != 0;
        insert(isUpper ? upper : lower, entry);
        inUpper += isUpper ? 1 : 0;
      }
    }
    int first = firstOf(segment);
    int half = aliases(segment) / 2;
    int inLower = sizes[segment] - inUpper;
    Arrays.fill(depths, first, first + 2 * half, depths[segment] + 1);
    Arrays.fill(segments, first, first + half, lower);
    Arrays.fill(segments, first + half, first + 2 * half, upper);
    Arrays.fill(sizes, first, first + half, inLower);
    Arrays.fill(sizes, first + half, first + 2 * half, inUpper);
  }

  private void doubleDirectory() {
    long[][] doubled = new long[segments.length * 2][];
    int[] doubledDepths = new int[doubled.length];
    int[] doubledSizes = new int[doubled.length];
    for (int i = 0; i < doubled.length; i++) {
      doubled[i] = segments[i / 2];
      doubledDepths[i] = depths[i / 2];
      doubledSizes[i] = sizes[i / 2];
    }
    segments = doubled;
    depths = doubledDepths;
    sizes = doubledSizes;
    depth++;
  }

  /** How many neighbours in the directory are one segment. */
  private int aliases(int segment) {
    return 1 << (depth - depths[segment]);
  }

  /** The first of them. */
  private int firstOf(int segment) {
    return segment & -aliases(segment);
  }

  private void setSize(int segment, int newSize) {
    int first = firstOf(segment);
    Arrays.fill(sizes, first, first + aliases(segment), newSize);
  }

  private static void insert(long[] entries, long entry) {
    int mask = entries.length - 1;
    int place = (int) (entry >>> 32) & mask;
    while (entries[place] != 0) {
      place = (place + 1) & mask;
    }
    entries[place] = entry;
  }
}
