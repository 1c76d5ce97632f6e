package org.tallyring.shardserver.engine;

import org.jspecify.annotations.Nullable;
import org.tallyring.shardserver.engine.strategy.Coins;
import org.tallyring.shardserver.engine.strategy.FreezableTree;
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
  private final FreezableTree<char[]> pages;

  /** How many exponents are not 0. */
  private int size;

  /** Counts on a scale. */
  MorrisCounts(MorrisScale scale) {
    this.scale = scale;
    this.pages = new FreezableTree<>(char[]::clone);
  }

  private MorrisCounts(MorrisCounts other) {
    scale = other.scale;
    pages = other.pages.frozen();
    size = other.size;
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
      set(page, place, scale.add(page[place], rows.deltas[i], coin));
    }
  }

  /** Takes over a count, so that it is right on average over all {@code coin}s. */
  void take(int slot, long count, double coin) {
    set(pageOf(slot), slot & PAGE_MASK, scale.add((char) 0, count, coin));
  }

  private void set(char[] page, int place, char exponent) {
    size += (exponent == 0 ? 0 : 1) - (page[place] == 0 ? 0 : 1);
    page[place] = exponent;
  }

  /** A view of the counts as they are, which stays the same, also on another thread. */
  MorrisCounts frozen() {
    return new MorrisCounts(this);
  }

  /** Sets what a snapshot says. */
  void restore(int slot, char exponent) {
    set(pageOf(slot), slot & PAGE_MASK, exponent);
  }

  /** The exponent of a slot. */
  int exponent(int slot) {
    char @Nullable [] page = pages.get(slot >>> PAGE_BITS);
    return page == null ? 0 : page[slot & PAGE_MASK];
  }

  @Override
  public long get(int slot) {
    return scale.count(exponent(slot));
  }

  @Override
  public int forEach(long lowest, Consumer consumer) {
    int[] lower = new int[1];
    pages.forEach(
        (index, page) -> {
          for (int i = 0; i < PAGE_SLOTS; i++) {
            long count = page[i] == 0 ? 0 : scale.count(page[i]);
            if (count != 0 && count >= lowest) {
              consumer.accept(index << PAGE_BITS | i, count);
            } else if (count != 0) {
              lower[0]++;
            }
          }
        });
    return lower[0];
  }

  @Override
  public int size() {
    return size;
  }

  /** An exponential function. */
  @Override
  public int cost() {
    return 2;
  }

  @Override
  public long bytes() {
    return (long) pages.size() * PAGE_SLOTS * Character.BYTES + pages.bytes();
  }

  private char[] pageOf(int slot) {
    return pages.forWriting(slot >>> PAGE_BITS, () -> new char[PAGE_SLOTS]);
  }
}
