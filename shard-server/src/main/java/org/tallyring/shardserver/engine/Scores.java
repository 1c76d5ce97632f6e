package org.tallyring.shardserver.engine;

import java.math.BigInteger;
import java.util.List;

/**
 * The score of a slot: the sum of weights times counts, in millionths. Products and sums are made
 * in 128 bits, so that terms that cancel out do no harm and the answer does not depend on their
 * order.
 */
final class Scores {

  private static final BigInteger MICROS = BigInteger.valueOf(1_000_000);

  private final List<IntervalCounts> counts;
  private final long[] weights;

  /**
   * The scores of terms.
   *
   * @param counts the counts of each term's metric
   */
  Scores(List<Criterion.Term> terms, List<IntervalCounts> counts) {
    this.counts = counts;
    this.weights = terms.stream().mapToLong(Criterion.Term::weightMicros).toArray();
  }

  /**
   * The score of one slot.
   *
   * @throws ScoreOverflowException if it leaves 64 bits
   */
  long of(int slot) {
    long high = 0;
    long low = 0;
    for (int i = 0; i < weights.length; i++) {
      long count = counts.get(i).get(slot);
      long sum = low + weights[i] * count;
      long carry = Long.compareUnsigned(sum, low) < 0 ? 1 : 0;
      high += Math.multiplyHigh(weights[i], count) + carry;
      low = sum;
    }
    if (high != low >> (Long.SIZE - 1)) {
      throw new ScoreOverflowException();
    }
    return low;
  }

  /**
   * How much a score may differ from the true one, in whole counts: the sum of what each term's
   * count may, weighted.
   */
  long maxError() {
    BigInteger sum = BigInteger.ZERO;
    for (int i = 0; i < weights.length; i++) {
      BigInteger weight = BigInteger.valueOf(weights[i]).abs();
      sum = sum.add(weight.multiply(BigInteger.valueOf(counts.get(i).quality().maxError())));
    }
    BigInteger rounded = sum.add(MICROS.subtract(BigInteger.ONE)).divide(MICROS);
    return rounded.min(BigInteger.valueOf(Long.MAX_VALUE)).longValue();
  }

  /** Gives every slot that has a count in any term, once, in any order. */
  void forEachSlot(SlotConsumer consumer) {
    for (int i = 0; i < weights.length; i++) {
      List<IntervalCounts> earlier = counts.subList(0, i);
      counts
          .get(i)
          .forEach(
              (slot, count) -> {
                for (IntervalCounts each : earlier) {
                  if (each.get(slot) != 0) {
                    return;
                  }
                }
                consumer.accept(slot);
              });
    }
  }

  /** Takes slots. */
  interface SlotConsumer {
    /** Takes one slot. */
    void accept(int slot);
  }
}
