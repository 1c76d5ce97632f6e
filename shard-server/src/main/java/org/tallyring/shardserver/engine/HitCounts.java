package org.tallyring.shardserver.engine;

import org.tallyring.shardserver.engine.strategy.HitLog;

/** The sums of a sliding window's hits in one interval. */
final class HitCounts implements SlotCounts {

  private final HitLog log;
  private final long startMillis;
  private final long endMillis;

  HitCounts(HitLog log, long startMillis, long endMillis) {
    this.log = log;
    this.startMillis = startMillis;
    this.endMillis = endMillis;
  }

  @Override
  public long get(int slot) {
    return log.sum(slot, startMillis, endMillis);
  }

  @Override
  public int forEach(long lowest, Consumer consumer) {
    int[] lower = new int[1];
    log.forEachSum(
        startMillis,
        endMillis,
        (slot, sum) -> {
          if (sum >= lowest) {
            consumer.accept(slot, sum);
          } else {
            lower[0]++;
          }
        });
    return lower[0];
  }

  /** Two binary searches. */
  @Override
  public int cost() {
    return 8;
  }

  /** Nothing: the hits are the log's. */
  @Override
  public long bytes() {
    return 0;
  }
}
