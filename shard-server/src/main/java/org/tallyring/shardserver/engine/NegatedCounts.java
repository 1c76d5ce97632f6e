package org.tallyring.shardserver.engine;

/** The counts of a bucket with the opposite sign: what is to be taken off a sum. */
final class NegatedCounts implements SlotCounts {

  private final SlotCounts counts;

  NegatedCounts(SlotCounts counts) {
    this.counts = counts;
  }

  @Override
  public long get(int slot) {
    return -counts.get(slot);
  }

  @Override
  public int forEach(long lowest, Consumer consumer) {
    int[] lower = new int[1];
    counts.forEach(
        Long.MIN_VALUE,
        (slot, count) -> {
          if (-count >= lowest) {
            consumer.accept(slot, -count);
          } else {
            lower[0]++;
          }
        });
    return lower[0];
  }

  @Override
  public void addTo(CountSum sum, int sign) {
    counts.addTo(sum, -sign);
  }

  @Override
  public int cost() {
    return counts.cost();
  }

  /** Nothing: the counts are the bucket's. */
  @Override
  public long bytes() {
    return 0;
  }
}
