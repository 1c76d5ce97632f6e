package org.tallyring.shardserver.engine;

/**
 * A ranking by a {@link Criterion} or by {@link Growth}.
 *
 * @param ranking the best keys, with what they are ordered by in place of counts
 * @param beside for each of them the other numbers: its count if the order is by something else,
 *     then the counts included; for growth its count and its count over the baseline
 */
public record CriterionRanking(Ranking ranking, long[][] beside) {

  /** The ranking of nothing. */
  public static final CriterionRanking EMPTY = new CriterionRanking(Ranking.EMPTY, new long[0][]);
}
