package org.tallyring.aggregator.answer;

import org.jspecify.annotations.Nullable;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.merge.MergedRank;
import org.tallyring.proto.v1.AnswerLabel;

/**
 * The place of a key and how good the answer is.
 *
 * @param metric what was counted
 * @param label how good the answer is
 * @param merged the place
 * @param previousRank the rank before, 0 if the key was not ranked then; null if not asked for
 */
public record RankAnswer(
    CountedMetric metric, AnswerLabel label, MergedRank merged, @Nullable Long previousRank) {}
