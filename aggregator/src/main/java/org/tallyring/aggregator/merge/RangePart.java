package org.tallyring.aggregator.merge;

/**
 * What one range contributes to an answer.
 *
 * @param rangeId the range
 * @param epoch the epoch of the owner that answered
 * @param revision how many batches corrected the window in this range after it was final
 * @param ranking the best of this range; empty if it counted nothing in the window
 * @param floor the count below which keys were left out; {@link #NO_FLOOR} if these are the best of
 *     all
 */
public record RangePart(int rangeId, long epoch, long revision, Ranking ranking, long floor)
    implements OfRange {

  /** In place of a floor: nothing was left out. */
  public static final long NO_FLOOR = Long.MIN_VALUE;

  /** Of which nothing was left out. */
  public RangePart(int rangeId, long epoch, long revision, Ranking ranking) {
    this(rangeId, epoch, revision, ranking, NO_FLOOR);
  }
}
