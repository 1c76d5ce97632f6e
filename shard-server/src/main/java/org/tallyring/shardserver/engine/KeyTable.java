package org.tallyring.shardserver.engine;

import java.util.Arrays;
import org.tallyring.topology.hash.KeyHash;

/**
 * The keys of one namespace in one range, each with a slot: 0 for the first key seen, then
 * contiguous, for ever. Counts are kept by slot, so a key's bytes are looked at once per increment,
 * whatever the number of windows.
 *
 * <p>An open-addressing table with linear probing. An entry is one {@code long}: the low 32 bits of
 * the key's hash, then its slot plus one; 0 is a free entry. The place in the table comes from the
 * <em>low</em> bits of the hash, because the top bits are the same for all keys of a range. Since
 * the entry holds all 32 bits that any size of table can use, growing reads the table alone and no
 * key; and the bits above the table's size tell nearly all different keys apart before their bytes
 * are compared. The bytes are always compared: the table is exact.
 *
 * <p>A lookup waits for memory three times (table, address, bytes), 150-280 ns each when it misses
 * the caches, while misses that do not depend on each other overlap at about 20 ns. Hence {@link
 * #resolve} takes a block of rows through these steps in separate loops, whose iterations are
 * independent.
 */
final class KeyTable {

  /** The slot of a key that is not here. */
  static final int NO_SLOT = -1;

  private static final int INITIAL_CAPACITY = 64;

  private final KeyHash hash;
  private final KeySlab slab = new KeySlab();
  private long[] table = new long[INITIAL_CAPACITY];
  private int[] addresses = new int[INITIAL_CAPACITY];
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
    return find(hash.hash(key), key, 0, key.length);
  }

  /** The slot of a key, which is added if it is new. */
  int slotOfAdded(byte[] bytes, int offset, int length) {
    return findOrAdd(hash.hash(bytes, offset, length), bytes, offset, length);
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
    int[] candidates = rows.addresses;
    for (int i = 0; i < count; i++) {
      hashes[i] = hash.hash(keys, starts[i], starts[i + 1] - starts[i]);
    }
    for (int i = 0; i < count; i++) {
      slots[i] = firstWithTagOf(hashes[i]);
    }
    for (int i = 0; i < count; i++) {
      candidates[i] = slots[i] == NO_SLOT ? 0 : addresses[slots[i]];
    }
    for (int i = 0; i < count; i++) {
      int length = starts[i + 1] - starts[i];
      if (slots[i] == NO_SLOT || !slab.matches(candidates[i], keys, starts[i], length)) {
        slots[i] = findOrAdd(hashes[i], keys, starts[i], length);
      }
    }
  }

  /** A copy of the key in a slot. */
  byte[] key(int slot) {
    return slab.get(addresses[slot]);
  }

  /** See {@link KeySlab#prefix}. */
  long keyPrefix(int slot) {
    return slab.prefix(addresses[slot]);
  }

  /** Compares the keys of two slots byte by byte, as unsigned numbers. */
  int compareKeys(int slot, int other) {
    return slab.compare(addresses[slot], addresses[other]);
  }

  private int firstWithTagOf(long keyHash) {
    long[] entries = table;
    int mask = entries.length - 1;
    int tag = (int) keyHash;
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

  private int find(long keyHash, byte[] bytes, int offset, int length) {
    int mask = table.length - 1;
    int tag = (int) keyHash;
    for (int place = tag & mask; ; place = (place + 1) & mask) {
      long entry = table[place];
      if (entry == 0) {
        return NO_SLOT;
      }
      int slot = (int) entry - 1;
      if ((int) (entry >>> 32) == tag && slab.matches(addresses[slot], bytes, offset, length)) {
        return slot;
      }
    }
  }

  private int findOrAdd(long keyHash, byte[] bytes, int offset, int length) {
    int found = find(keyHash, bytes, offset, length);
    if (found != NO_SLOT) {
      return found;
    }
    // At most 3/4 full, so that probes stay short and always end.
    if (size >= table.length / 4 * 3) {
      grow();
    }
    if (size == addresses.length) {
      addresses = Arrays.copyOf(addresses, addresses.length * 2);
    }
    int slot = size;
    addresses[slot] = slab.append(bytes, offset, length);
    size++;
    insert(table, (keyHash << 32) | (slot + 1));
    return slot;
  }

  private void grow() {
    long[] larger = new long[Math.multiplyExact(table.length, 2)];
    for (long entry : table) {
      if (entry != 0) {
        insert(larger, entry);
      }
    }
    table = larger;
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
