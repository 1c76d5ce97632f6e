package org.tallyring.shardserver.engine;

import java.util.Arrays;

/**
 * Where the slots of one part of a snapshot go: to which range, and which slot they become there.
 */
final class SlotTargets {

  private int[] ranges = new int[64];
  private int[] slots = new int[64];
  private int size;

  /** Says where the next slot goes. */
  void add(int range, int slot) {
    if (size == ranges.length) {
      ranges = Arrays.copyOf(ranges, 2 * size);
      slots = Arrays.copyOf(slots, 2 * size);
    }
    ranges[size] = range;
    slots[size] = slot;
    size++;
  }

  /**
   * The range.
   *
   * @throws IllegalArgumentException if the part has no such slot
   */
  int range(int slot) {
    return ranges[checked(slot)];
  }

  /** The slot there. */
  int slot(int slot) {
    return slots[checked(slot)];
  }

  private int checked(int slot) {
    if (slot < 0 || slot >= size) {
      throw new IllegalArgumentException("the snapshot has counts of an unknown key");
    }
    return slot;
  }
}
