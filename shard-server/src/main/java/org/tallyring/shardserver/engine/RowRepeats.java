package org.tallyring.shardserver.engine;

import org.tallyring.proto.v1.RecordBatch;

/**
 * How many increments the rows of a batch stand for.
 *
 * <p>Of a popular key a producer has many increments alike in a batch. It sends them as one row,
 * which is added to the counts once, and still is so many hits to whoever counts those.
 */
public final class RowRepeats {

  /** The most increments of one row. */
  static final int MAX = 1_000_000;

  private RowRepeats() {}

  /** How many increments a row is. */
  static int of(RecordBatch batch, int row) {
    return batch.getRepeatsCount() == 0 ? 1 : batch.getRepeats(row);
  }

  /** How many increments a batch has; whatever it says, each row is at least one. */
  public static long total(RecordBatch batch) {
    long total = batch.getKeyLengthsCount();
    for (int row = 0; row < batch.getRepeatsCount(); row++) {
      int repeats = batch.getRepeats(row);
      total += repeats > 1 && repeats <= MAX ? repeats - 1 : 0;
    }
    return total;
  }

  /** What a row adds to a count, its delta as often as it occurs. */
  public static long delta(RecordBatch batch, int row) {
    long delta = batch.getDeltasCount() == 0 ? 1 : batch.getDeltas(row);
    return delta * of(batch, row);
  }
}
