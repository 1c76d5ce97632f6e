package org.tallyring.aggregator.merge;

/**
 * One ranking over all ranges that contributed.
 *
 * @param ranking the best keys
 * @param revision the sum of the ranges' revisions
 * @param rangesIncluded how many different ranges contributed
 */
public record MergedTopK(Ranking ranking, long revision, int rangesIncluded) {}
