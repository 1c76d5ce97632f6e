package org.tallyring.shardserver.engine;

import java.util.Arrays;

/**
 * Finds the best {@code k} of any number of counts in one pass: a heap of at most {@code k} with
 * the worst at its root, so that nearly every count is turned away by one comparison.
 *
 * <p>A scan costs 1-2 ms per million counts, and nothing while writing; a heap kept up to date by
 * every increment would cost each about 28 ns per window, and could not follow falling counts.
 *
 * <p>Two things keep the heap itself cheap. Whoever knows a count that {@code k} counts are likely
 * to reach gives it as the <em>floor</em>: lower ones do not even come here, which spares the
 * thousands of replacements while a heap fills with counts that will not last. It is a hint and no
 * assumption: if fewer than {@code k} reach it, the scan is repeated without. And equal counts, of
 * which there are many wherever counts are small, are first told apart by eight bytes of their
 * keys.
 */
final class RankingHeap implements SlotCounts.Consumer {

  /** The floor that leaves out nothing. */
  static final long NO_FLOOR = Long.MIN_VALUE;

  private static final int INITIAL_CAPACITY = 16;

  private final KeyTable keys;
  private final int k;

  // One more than the heap may hold: the last element is the one on its way in.
  private long[] counts;
  private long[] prefixes;
  private int[] slots;
  private int size;

  /** An empty heap. */
  RankingHeap(KeyTable keys, int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k: " + k + " (expected: at least 1)");
    }
    this.keys = keys;
    this.k = k;
    int capacity = Math.min(k, INITIAL_CAPACITY) + 1;
    counts = new long[capacity];
    prefixes = new long[capacity];
    slots = new int[capacity];
  }

  /**
   * The ranking of counts.
   *
   * @param revision what the ranking will say of itself
   * @param likelyFloor a count that {@code k} counts are likely to reach
   * @param floor lower counts are left out
   */
  static Ranking rank(
      KeyTable keys, SlotCounts counts, long revision, int k, long likelyFloor, long floor) {
    RankingHeap heap = new RankingHeap(keys, k);
    int lower = counts.forEach(Math.max(likelyFloor, floor), heap);
    if (heap.size < k && lower > 0 && likelyFloor > floor) {
      heap.size = 0;
      counts.forEach(floor, heap);
    }
    return heap.drain(revision);
  }

  @Override
  public void accept(int slot, long count) {
    if (size == k && count < counts[0]) {
      return;
    }
    if (size < k && size == counts.length - 1) {
      int larger = (int) Math.min(k, size * 2L) + 1;
      counts = Arrays.copyOf(counts, larger);
      prefixes = Arrays.copyOf(prefixes, larger);
      slots = Arrays.copyOf(slots, larger);
    }
    int incoming = counts.length - 1;
    counts[incoming] = count;
    prefixes[incoming] = keys.keyPrefix(slot);
    slots[incoming] = slot;
    if (size < k) {
      size++;
      siftUp(size - 1, incoming);
    } else if (isWorse(0, incoming)) {
      siftDown(incoming);
    }
  }

  /** How many there are, at most {@code k}. */
  int size() {
    return size;
  }

  /** The count of the worst of them; there must be one. */
  long worstCount() {
    return counts[0];
  }

  /** Its slot. */
  int worstSlot() {
    return slots[0];
  }

  /** What is in the heap, best first; the heap is empty then. */
  Ranking drain(long revision) {
    int[] rankedSlots = new int[size];
    long[] rankedCounts = new long[size];
    drainTo(rankedSlots, rankedCounts);
    byte[][] rankedKeys = new byte[rankedSlots.length][];
    for (int i = 0; i < rankedSlots.length; i++) {
      rankedKeys[i] = keys.key(rankedSlots[i]);
    }
    return new Ranking(rankedKeys, rankedCounts, revision);
  }

  /** Puts what is in the heap, best first, to where there is room; the heap is empty then. */
  void drainTo(int[] rankedSlots, long[] rankedCounts) {
    int outgoing = counts.length - 1;
    while (size > 0) {
      size--;
      rankedSlots[size] = slots[0];
      rankedCounts[size] = counts[0];
      copy(size, outgoing);
      siftDown(outgoing);
    }
  }

  /** Lets an element outside the heap rise from a free place. */
  private void siftUp(int from, int element) {
    int at = from;
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (!isWorse(element, parent)) {
        break;
      }
      copy(parent, at);
      at = parent;
    }
    copy(element, at);
  }

  /** Lets an element outside the heap sink from the root, which it replaces. */
  private void siftDown(int element) {
    int at = 0;
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && isWorse(child + 1, child)) {
        child++;
      }
      if (!isWorse(child, element)) {
        break;
      }
      copy(child, at);
      at = child;
    }
    copy(element, at);
  }

  private void copy(int from, int to) {
    counts[to] = counts[from];
    prefixes[to] = prefixes[from];
    slots[to] = slots[from];
  }

  private boolean isWorse(int element, int other) {
    if (counts[element] != counts[other]) {
      return counts[element] < counts[other];
    }
    if (prefixes[element] != prefixes[other]) {
      return prefixes[element] > prefixes[other];
    }
    return keys.compareKeys(slots[element], slots[other]) > 0;
  }
}
