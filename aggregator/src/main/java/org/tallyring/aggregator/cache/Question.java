package org.tallyring.aggregator.cache;

import org.tallyring.proto.internal.v1.Criterion;
import org.tallyring.topology.window.Interval;

/**
 * What is asked about an interval, together with everything that can change the answer.
 *
 * @param namespaceUid the namespace's uid, so that one deleted and created again is another one
 * @param metric the metric's name
 * @param interval over which time
 * @param k how many
 * @param criterion what orders and limits the ranking; empty for the count alone
 * @param isSettled whether all buckets had been final for some seconds when it was asked
 * @param lateCorrections how often final buckets of all metrics in it had been corrected then
 * @param ownershipChanges the count of ownership changes then
 */
public record Question(
    long namespaceUid,
    long definitionRevision,
    String metric,
    Interval interval,
    int k,
    Criterion criterion,
    boolean isSettled,
    long lateCorrections,
    long ownershipChanges) {}
