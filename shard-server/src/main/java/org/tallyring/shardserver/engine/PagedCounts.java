package org.tallyring.shardserver.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Counts of most slots: 8 bytes each in pages of 256, which exist from their first increment on.
 * Growing copies the list of pages and no count. {@link #forEach} goes by rising slot.
 */
final class PagedCounts implements ExactCounts {

  private static final int PAGE_BITS = 8;
  private static final int PAGE_SLOTS = 1 << PAGE_BITS;
  private static final int PAGE_MASK = PAGE_SLOTS - 1;

  private long[] @Nullable [] pages = new long[16][];

  /** What slots up to {@code highestSlot} take at most. */
  static long bytesFor(int highestSlot) {
    return ((long) (highestSlot >>> PAGE_BITS) + 1) * PAGE_SLOTS * Long.BYTES;
  }

  @Override
  public int add(int[] slots, long[] deltas, int from, int to) {
    for (int i = from; i < to; i++) {
      int slot = slots[i];
      pageOf(slot)[slot & PAGE_MASK] += deltas[i];
    }
    return to;
  }

  /** Adds to one slot. */
  void add(int slot, long delta) {
    pageOf(slot)[slot & PAGE_MASK] += delta;
  }

  /** Sets all counts to 0 and keeps the pages. */
  void clear() {
    for (long @Nullable [] page : pages) {
      if (page != null) {
        Arrays.fill(page, 0);
      }
    }
  }

  /** Sets the count of a slot. */
  void put(int slot, long count) {
    pageOf(slot)[slot & PAGE_MASK] = count;
  }

  @Override
  public long get(int slot) {
    int index = slot >>> PAGE_BITS;
    long @Nullable [] page = index < pages.length ? pages[index] : null;
    return page == null ? 0 : page[slot & PAGE_MASK];
  }

  @Override
  public int forEach(long lowest, Consumer consumer) {
    int lower = 0;
    for (int index = 0; index < pages.length; index++) {
      long @Nullable [] page = pages[index];
      if (page == null) {
        continue;
      }
      for (int i = 0; i < PAGE_SLOTS; i++) {
        long count = page[i];
        if (count == 0) {
          continue;
        }
        if (count >= lowest) {
          consumer.accept(index << PAGE_BITS | i, count);
        } else {
          lower++;
        }
      }
    }
    return lower;
  }

  @Override
  public long bytes() {
    long existing = Arrays.stream(pages).filter(page -> page != null).count();
    return existing * PAGE_SLOTS * Long.BYTES + (long) pages.length * Integer.BYTES;
  }

  private long[] pageOf(int slot) {
    int index = slot >>> PAGE_BITS;
    long @Nullable [] page = index < pages.length ? pages[index] : null;
    return page == null ? addPage(index) : page;
  }

  private long[] addPage(int index) {
    if (index >= pages.length) {
      pages = Arrays.copyOf(pages, Math.max(index + 1, pages.length * 2));
    }
    long[] page = new long[PAGE_SLOTS];
    pages[index] = page;
    return page;
  }
}
