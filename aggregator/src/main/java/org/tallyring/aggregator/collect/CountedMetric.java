package org.tallyring.aggregator.collect;

/**
 * A metric that exists.
 *
 * @param namespace the namespace's name
 * @param namespaceUid the namespace's uid
 * @param definitionRevision the revision of the namespace's definition
 * @param latenessMillis how long the namespace's windows wait for late events after their end
 * @param metric the metric's name
 * @param holdsEveryKey whether it has a count for every key, as all strategies but heavy hitters
 */
public record CountedMetric(
    String namespace,
    long namespaceUid,
    long definitionRevision,
    long latenessMillis,
    String metric,
    boolean holdsEveryKey) {}
