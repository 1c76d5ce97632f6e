package org.tallyring.shardserver.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Counts of several buckets, added up: 8 bytes a slot in pages of {@value #PAGE_SLOTS}, which exist
 * from their first count on and are kept for the next sum.
 */
final class CountSum implements SlotCounts {

  private static final int PAGE_BITS = 10;
  private static final int PAGE_SLOTS = 1 << PAGE_BITS;
  private static final int PAGE_MASK = PAGE_SLOTS - 1;

  private long[] @Nullable [] pages = new long[16][];

  /** Adds {@code sign * counts[i]} to {@code slots[i]} for each {@code i} below {@code size}. */
  void add(int[] slots, long[] counts, int size, int sign) {
    for (int i = 0; i < size; i++) {
      int slot = slots[i];
      pageOf(slot >>> PAGE_BITS)[slot & PAGE_MASK] += sign * counts[i];
    }
  }

  /** Adds to one slot. */
  void add(int slot, long count) {
    pageOf(slot >>> PAGE_BITS)[slot & PAGE_MASK] += count;
  }

  /** Adds {@code sign * counts[i]} to consecutive slots. */
  void addAll(int firstSlot, int[] counts, int sign) {
    for (int from = 0; from < counts.length; ) {
      int slot = firstSlot + from;
      long[] page = pageOf(slot >>> PAGE_BITS);
      int place = slot & PAGE_MASK;
      int size = Math.min(PAGE_SLOTS - place, counts.length - from);
      for (int i = 0; i < size; i++) {
        page[place + i] += (long) sign * counts[from + i];
      }
      from += size;
    }
  }

  /** Sets all counts to 0 and keeps the pages. */
  void clear() {
    for (long @Nullable [] page : pages) {
      if (page != null) {
        Arrays.fill(page, 0);
      }
    }
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

  private long[] pageOf(int index) {
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
