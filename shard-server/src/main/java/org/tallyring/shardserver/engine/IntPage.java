package org.tallyring.shardserver.engine;

/** A page in which many slots have a count and none leaves 32 bits. */
final class IntPage implements CountPage {

  static final int BYTES = SLOTS * Integer.BYTES;

  private final int[] counts;
  private boolean shared;

  /** A page of counts, which are its own from now on. */
  IntPage(int[] counts) {
    this.counts = counts;
  }

  /** The counts, to write to only if the page is not shared. */
  int[] counts() {
    return counts;
  }

  boolean isShared() {
    return shared;
  }

  @Override
  public long get(int place) {
    return counts[place];
  }

  @Override
  public CountPage added(int place, long delta) {
    long sum = counts[place] + delta;
    if (sum != (int) sum) {
      return LongPage.of(this).added(place, delta);
    }
    IntPage page = shared ? new IntPage(counts.clone()) : this;
    page.counts[place] = (int) sum;
    return page;
  }

  @Override
  public boolean isNarrow() {
    return true;
  }

  @Override
  public void share() {
    shared = true;
  }

  @Override
  public int forEach(int firstSlot, long lowest, SlotCounts.Consumer consumer) {
    int lower = 0;
    for (int place = 0; place < SLOTS; place++) {
      int count = counts[place];
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
    sum.addAll(firstSlot, counts, sign);
  }

  @Override
  public long bytes() {
    return BYTES;
  }
}
