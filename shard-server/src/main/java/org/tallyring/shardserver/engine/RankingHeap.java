package org.tallyring.shardserver.engine;

import java.util.Arrays;

/**
 * Finds the best {@code k} of any number of counts in one pass: a heap of at most {@code k} with
 * the worst at its root, so that nearly every count is turned away by one comparison.
 *
 * <p>A scan costs 1-2 ms per million counts, and nothing while writing; a heap kept up to date by
 * every increment would cost each about 28 ns per window, and could not follow falling counts.
 */
final class RankingHeap implements SlotCounts.Consumer {

  private static final int INITIAL_CAPACITY = 16;

  private final KeyTable keys;
  private final int k;
  private long[] counts;
  private int[] slots;
  private int size;

  /** An empty heap for counts of slots of {@code keys}. */
  RankingHeap(KeyTable keys, int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k: " + k + " (expected: at least 1)");
    }
    this.keys = keys;
    this.k = k;
    this.counts = new long[Math.min(k, INITIAL_CAPACITY)];
    this.slots = new int[counts.length];
  }

  /** The ranking of a bucket. */
  static Ranking rank(KeyTable keys, BucketCounts bucket, int k) {
    RankingHeap heap = new RankingHeap(keys, k);
    bucket.forEach(heap);
    return heap.drain(bucket.revision());
  }

  @Override
  public void accept(int slot, long count) {
    if (size < k) {
      if (size == counts.length) {
        int larger = (int) Math.min(k, size * 2L);
        counts = Arrays.copyOf(counts, larger);
        slots = Arrays.copyOf(slots, larger);
      }
      size++;
      siftUp(size - 1, slot, count);
    } else if (isWorse(slots[0], counts[0], slot, count)) {
      siftDown(slot, count);
    }
  }

  private Ranking drain(long revision) {
    byte[][] rankedKeys = new byte[size][];
    long[] rankedCounts = new long[size];
    while (size > 0) {
      size--;
      rankedKeys[size] = keys.key(slots[0]);
      rankedCounts[size] = counts[0];
      siftDown(slots[size], counts[size]);
    }
    return new Ranking(rankedKeys, rankedCounts, revision);
  }

  private void siftUp(int from, int slot, long count) {
    int at = from;
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (!isWorse(slot, count, slots[parent], counts[parent])) {
        break;
      }
      set(at, slots[parent], counts[parent]);
      at = parent;
    }
    set(at, slot, count);
  }

  /** Puts a new element at the root and lets it sink. */
  private void siftDown(int slot, long count) {
    int at = 0;
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size
          && isWorse(slots[child + 1], counts[child + 1], slots[child], counts[child])) {
        child++;
      }
      if (!isWorse(slots[child], counts[child], slot, count)) {
        break;
      }
      set(at, slots[child], counts[child]);
      at = child;
    }
    set(at, slot, count);
  }

  private void set(int at, int slot, long count) {
    slots[at] = slot;
    counts[at] = count;
  }

  private boolean isWorse(int slot, long count, int otherSlot, long otherCount) {
    return count != otherCount ? count < otherCount : keys.compareKeys(slot, otherSlot) > 0;
  }
}
