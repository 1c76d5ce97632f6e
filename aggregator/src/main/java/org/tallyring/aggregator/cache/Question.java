package org.tallyring.aggregator.cache;

import org.tallyring.aggregator.collect.WindowKey;
import org.tallyring.proto.internal.v1.Criterion;

/**
 * What is asked about a window, together with everything that can change the answer.
 *
 * @param window the metric and window
 * @param k how many
 * @param criterion what orders and limits the ranking; empty for the count alone
 * @param isFinal whether the window was final when it was asked
 * @param lateCorrections how often final windows of the metric had been corrected then
 * @param ownershipChanges the count of ownership changes then
 */
public record Question(
    WindowKey window,
    int k,
    Criterion criterion,
    boolean isFinal,
    long lateCorrections,
    long ownershipChanges) {}
