package org.tallyring.shardserver.engine;

/**
 * What one metric of one namespace has counted in one range, ever, whoever owned it. None of these
 * numbers falls, and none takes time to read.
 *
 * @param namespaceUid the namespace's uid
 * @param namespace its name
 * @param metric the metric's name
 * @param hits increments applied
 * @param pruned entries dropped: hits past the horizon, and keys that were no heavy hitters
 * @param lateIncrements increments that came after their hour was final
 * @param beyondRetention increments that were too old for some bucket
 */
public record MetricTally(
    long namespaceUid,
    String namespace,
    String metric,
    long hits,
    long pruned,
    long lateIncrements,
    long beyondRetention) {}
