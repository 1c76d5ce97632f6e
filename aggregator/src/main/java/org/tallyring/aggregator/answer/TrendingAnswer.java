package org.tallyring.aggregator.answer;

import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.topology.window.Interval;

/**
 * A ranking by growth and how good it is.
 *
 * @param metric what was counted
 * @param label how good the answer is; its window is the current hour
 * @param ranking the best keys by score, in millionths; beside each its count in the hour and its
 *     count over the baseline
 * @param baseline the time before the hour that is compared with
 */
public record TrendingAnswer(
    CountedMetric metric, AnswerLabel label, Ranking ranking, Interval baseline) {

  private static final double HOUR_MILLIS = 3_600_000;

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
    return baselineCount(place) / hours();
  }

  /** How many whole hours the baseline has; 0 if it is shorter than one. */
  public int baselineHours() {
    return (int) hours();
  }

  private double hours() {
    return (baseline.endMillis() - baseline.startMillis()) / HOUR_MILLIS;
  }
}
