package org.tallyring.aggregator.merge;

/**
 * Where a key stands in the ranking of one range.
 *
 * @param rangeId the range
 * @param epoch the epoch of the owner that answered
 * @param revision how many batches corrected the window in this range after it was final
 * @param asOfMillis everything applied before this moment is in it, in milliseconds since
 *     1970-01-01T00:00:00Z
 * @param count the key's count
 * @param before how many keys of the range come before it
 * @param total how many keys the range ranks
 * @param above the rows right before it
 * @param below the rows right after it
 * @param quality how good the range's counts are
 */
public record RangePosition(
    int rangeId,
    long epoch,
    long revision,
    long asOfMillis,
    long count,
    long before,
    long total,
    Ranking above,
    Ranking below,
    Quality quality)
    implements OfRange {}
