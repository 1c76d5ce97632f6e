package org.tallyring.aggregator.merge;

/**
 * What one range contributes to an answer.
 *
 * @param rangeId the range
 * @param epoch the epoch of the owner that answered
 * @param revision how many batches corrected the window in this range after it was final
 * @param ranking the best of this range; empty if it counted nothing in the window
 */
public record RangePart(int rangeId, long epoch, long revision, Ranking ranking)
    implements OfRange {}
