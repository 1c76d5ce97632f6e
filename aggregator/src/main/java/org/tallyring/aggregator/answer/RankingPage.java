package org.tallyring.aggregator.answer;

import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.v1.AnswerLabel;

/**
 * A page of a whole ranking.
 *
 * @param metric what was counted
 * @param label how good the answer is
 * @param rows the rows
 * @param firstRank the rank of the first row
 * @param total how many keys are ranked
 * @param nextPageToken what to ask the next page with; empty after the last row
 */
public record RankingPage(
    CountedMetric metric,
    AnswerLabel label,
    Ranking rows,
    long firstRank,
    long total,
    String nextPageToken) {}
