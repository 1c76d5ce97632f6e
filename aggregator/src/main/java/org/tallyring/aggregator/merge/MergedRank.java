package org.tallyring.aggregator.merge;

/**
 * Where a key stands in the ranking over all ranges that contributed.
 *
 * @param rank 1 for the first, 0 if the key is not ranked
 * @param total how many keys are ranked
 * @param count the key's count
 * @param above the rows right above it, best first
 * @param below the rows right below it, best first
 * @param quality the worst of the ranges' qualities
 * @param revision the sum of the ranges' revisions
 * @param asOfMillis the oldest of the ranges' moments
 * @param rangesIncluded how many different ranges contributed
 */
public record MergedRank(
    long rank,
    long total,
    long count,
    Ranking above,
    Ranking below,
    Quality quality,
    long revision,
    long asOfMillis,
    int rangesIncluded) {}
