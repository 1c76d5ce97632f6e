package org.tallyring.aggregator.collect;

import java.util.List;
import org.tallyring.aggregator.merge.RangePart;
import org.tallyring.topology.window.KeptBuckets;

/**
 * What the ranges answered about an interval.
 *
 * @param parts one for each range that could answer
 * @param kept what those ranges keep that could not, because they have retired a part of the
 *     interval; everything if there are none
 */
public record IntervalParts(List<RangePart> parts, KeptBuckets kept) {}
