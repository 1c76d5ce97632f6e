package org.tallyring.shardserver.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.tallyring.shardserver.engine.strategy.Coins;
import org.tallyring.shardserver.engine.strategy.MorrisScale;

/**
 * Approximate counts: a Morris exponent of 2 bytes for each slot, in pages of 256, which exist from
 * their first increment on. What is read of them are the counts that the exponents stand for.
 */
final class MorrisCounts implements SlotCounts {

  private static final int PAGE_BITS = 8;
  private static final int PAGE_SLOTS = 1 << PAGE_BITS;
  private static final int PAGE_MASK = PAGE_SLOTS - 1;

  private final MorrisScale scale;
  private char[] @Nullable [] pages = new char[4][];

  /** Counts on a scale. */
  MorrisCounts(MorrisScale scale) {
    this.scale = scale;
  }

  MorrisScale scale() {
    return scale;
  }

  /**
   * Adds rows.
   *
   * @param salt tells the coins of these counts from those of others that the same rows reach
   */
  void add(RowBlock rows, long salt, int from, int to) {
    for (int i = from; i < to; i++) {
      char[] page = pageOf(rows.slots[i]);
      int place = rows.slots[i] & PAGE_MASK;
      double coin = Coins.flip(rows.firstIncrement + i, salt);
      page[place] = scale.add(page[place], rows.deltas[i], coin);
    }
  }

  /** Takes over a count, so that it is right on average over all {@code coin}s. */
  void take(int slot, long count, double coin) {
    pageOf(slot)[slot & PAGE_MASK] = scale.add((char) 0, count, coin);
  }

  /** A copy, which stays as it is. */
  MorrisCounts copy() {
    MorrisCounts copy = new MorrisCounts(scale);
    copy.pages = new char[pages.length][];
    for (int index = 0; index < pages.length; index++) {
      char @Nullable [] page = pages[index];
      copy.pages[index] = page == null ? null : page.clone();
    }
    return copy;
  }

  /** Sets what a snapshot says. */
  void restore(int slot, char exponent) {
    pageOf(slot)[slot & PAGE_MASK] = exponent;
  }

  /** The exponent of a slot. */
  int exponent(int slot) {
    int index = slot >>> PAGE_BITS;
    char @Nullable [] page = index < pages.length ? pages[index] : null;
    return page == null ? 0 : page[slot & PAGE_MASK];
  }

  @Override
  public long get(int slot) {
    return scale.count(exponent(slot));
  }

  @Override
  public int forEach(long lowest, Consumer consumer) {
    int lower = 0;
    for (int index = 0; index < pages.length; index++) {
      char @Nullable [] page = pages[index];
      for (int i = 0; page != null && i < PAGE_SLOTS; i++) {
        if (page[i] == 0) {
          continue;
        }
        long count = scale.count(page[i]);
        if (count >= lowest) {
          consumer.accept(index << PAGE_BITS | i, count);
        } else {
          lower++;
        }
      }
    }
    return lower;
  }

  /** An exponential function. */
  @Override
  public int cost() {
    return 2;
  }

  @Override
  public long bytes() {
    long existing = Arrays.stream(pages).filter(page -> page != null).count();
    return existing * PAGE_SLOTS * Character.BYTES + (long) pages.length * Integer.BYTES;
  }

  private char[] pageOf(int slot) {
    int index = slot >>> PAGE_BITS;
    if (index >= pages.length) {
      pages = Arrays.copyOf(pages, Math.max(index + 1, pages.length * 2));
    }
    char @Nullable [] page = pages[index];
    if (page == null) {
      page = new char[PAGE_SLOTS];
      pages[index] = page;
    }
    return page;
  }
}
