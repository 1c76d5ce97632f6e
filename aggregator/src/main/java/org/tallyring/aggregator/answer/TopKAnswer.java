package org.tallyring.aggregator.answer;

import java.util.List;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.v1.AnswerLabel;

/**
 * A ranking and how good it is.
 *
 * @param metric what was counted
 * @param label how good the answer is
 * @param ranking the best keys; rank 1 is place 0
 * @param include the metrics whose counts stand beside the keys
 * @param isScored whether the ranking is by a score; the count then stands beside it too
 */
public record TopKAnswer(
    CountedMetric metric,
    AnswerLabel label,
    Ranking ranking,
    List<String> include,
    boolean isScored) {

  /** The count of the metric in a place. */
  public long count(int place) {
    return isScored ? ranking.beside(place, 0) : ranking.count(place);
  }

  /** The score in a place, in millionths; 0 if the ranking is by count. */
  public long scoreMicros(int place) {
    return isScored ? ranking.count(place) : 0;
  }

  /** The count in a place of a metric of {@link #include}, by its index there. */
  public long included(int place, int index) {
    return ranking.beside(place, isScored ? index + 1 : index);
  }
}
