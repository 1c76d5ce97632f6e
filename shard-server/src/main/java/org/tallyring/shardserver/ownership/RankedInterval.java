package org.tallyring.shardserver.ownership;

import org.tallyring.topology.window.Interval;

/**
 * What a sorted view is of.
 *
 * @param namespaceUid the namespace's uid
 * @param metric the metric
 * @param interval over which time
 */
public record RankedInterval(long namespaceUid, String metric, Interval interval) {}
