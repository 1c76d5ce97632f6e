package org.tallyring.shardserver.engine;

/** One bucket's part of a page that several buckets have together. */
final class ColumnPage implements CountPage {

  /** Up to so many counts are kept as a table. */
  private static final int FEW = 96;

  private final OpenPage page;
  private final int column;

  ColumnPage(OpenPage page, int column) {
    this.page = page;
    this.column = column;
  }

  boolean isOf(OpenPage one) {
    return page == one;
  }

  @Override
  public long get(int place) {
    return page.data[place * OpenPage.COLUMNS + column];
  }

  @Override
  public CountPage added(int place, long delta) {
    long sum = get(place) + delta;
    if (page.isShared() || sum != (int) sum) {
      // From here on the column is nobody's.
      page.close();
      return copy().added(place, delta);
    }
    page.data[place * OpenPage.COLUMNS + column] = (int) sum;
    return this;
  }

  /** The counts as a page of their own. */
  CountPage copy() {
    int[] counts = new int[SLOTS];
    int size = 0;
    for (int place = 0; place < SLOTS; place++) {
      counts[place] = (int) get(place);
      size += counts[place] == 0 ? 0 : 1;
    }
    IntPage copy = new IntPage(counts);
    if (size > FEW) {
      return copy;
    }
    SparseCounts few = new SparseCounts(SparseCounts.capacityFor(Math.max(1, size)));
    copy.forEach(0, Long.MIN_VALUE, few::put);
    return few;
  }

  @Override
  public boolean isNarrow() {
    return true;
  }

  @Override
  public void share() {
    page.share();
  }

  @Override
  public int forEach(int firstSlot, long lowest, SlotCounts.Consumer consumer) {
    int lower = 0;
    int[] data = page.data;
    for (int place = 0, at = column; place < SLOTS; place++, at += OpenPage.COLUMNS) {
      int count = data[at];
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
    return IntPage.BYTES;
  }
}
