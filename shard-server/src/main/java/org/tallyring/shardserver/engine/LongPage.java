package org.tallyring.shardserver.engine;

import org.jspecify.annotations.Nullable;

/** A page in which some count has left 32 bits. */
final class LongPage implements CountPage {

  private final long[] counts;
  private boolean shared;

  private LongPage(long[] counts) {
    this.counts = counts;
  }

  /** The same counts, wider. */
  static LongPage of(CountPage page) {
    long[] counts = new long[SLOTS];
    page.forEach(0, Long.MIN_VALUE, (place, count) -> counts[place] = count);
    return new LongPage(counts);
  }

  /** The same counts in 32 bits, or null if one has left them. */
  @Nullable IntPage narrowed() {
    int[] narrow = new int[SLOTS];
    for (int place = 0; place < SLOTS; place++) {
      narrow[place] = (int) counts[place];
      if (narrow[place] != counts[place]) {
        return null;
      }
    }
    return new IntPage(narrow);
  }

  @Override
  public long get(int place) {
    return counts[place];
  }

  @Override
  public CountPage added(int place, long delta) {
    LongPage page = shared ? new LongPage(counts.clone()) : this;
    page.counts[place] += delta;
    return page;
  }

  @Override
  public boolean isNarrow() {
    return false;
  }

  @Override
  public void share() {
    shared = true;
  }

  @Override
  public int forEach(int firstSlot, long lowest, SlotCounts.Consumer consumer) {
    int lower = 0;
    for (int place = 0; place < SLOTS; place++) {
      long count = counts[place];
      if (count == 0) {
        continue;
      }
      if (count >= lowest) {
        consumer.accept(firstSlot + place, count);
      } else {
        lower++;
      }
    }
    return lower;
  }

  @Override
  public void forEachRising(int firstSlot, SlotCounts.Consumer consumer) {
    forEach(firstSlot, Long.MIN_VALUE, consumer);
  }

  @Override
  public void addTo(CountSum sum, int firstSlot, int sign) {
    forEach(firstSlot, Long.MIN_VALUE, (slot, count) -> sum.add(slot, sign * count));
  }

  @Override
  public long bytes() {
    return (long) SLOTS * Long.BYTES;
  }
}
