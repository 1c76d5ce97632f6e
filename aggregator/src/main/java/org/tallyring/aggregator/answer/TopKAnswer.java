package org.tallyring.aggregator.answer;

import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.v1.AnswerLabel;

/**
 * A ranking and how good it is.
 *
 * @param metric what was counted
 * @param label how good the answer is
 * @param ranking the best keys; rank 1 is place 0
 */
public record TopKAnswer(CountedMetric metric, AnswerLabel label, Ranking ranking) {}
