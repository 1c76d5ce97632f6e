package org.tallyring.aggregator.collect;

import java.util.List;
import org.tallyring.aggregator.merge.OfRange;
import org.tallyring.topology.window.KeptBuckets;

/**
 * What the ranges answered about an interval.
 *
 * @param <P> what a range answers
 * @param parts one for each range that could answer
 * @param kept what those ranges keep that could not, because they have retired a part of the
 *     interval; everything if there are none
 */
public record IntervalParts<P extends OfRange>(List<P> parts, KeptBuckets kept) {}
