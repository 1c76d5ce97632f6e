package org.tallyring.aggregator.answer;

import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.v1.AnswerLabel;

/**
 * A ranking by growth and how good it is.
 *
 * @param metric what was counted
 * @param label how good the answer is; its window is the current hour
 * @param ranking the best keys by score, in millionths; beside each its count in the hour and its
 *     count over the baseline
 * @param baselineHours how many hours the baseline has
 */
public record TrendingAnswer(
    CountedMetric metric, AnswerLabel label, Ranking ranking, int baselineHours) {

  /** The score in a place, in millionths. */
  public long scoreMicros(int place) {
    return ranking.count(place);
  }

  /** The count of the current hour in a place. */
  public long count(int place) {
    return ranking.beside(place, 0);
  }

  /** The count over the baseline in a place. */
  public long baselineCount(int place) {
    return ranking.beside(place, 1);
  }

  /** The same per hour. */
  public double baselineMean(int place) {
    return (double) baselineCount(place) / baselineHours;
  }
}
