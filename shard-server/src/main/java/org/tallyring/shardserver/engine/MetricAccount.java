package org.tallyring.shardserver.engine;

/**
 * One metric of one namespace in one range, for operators.
 *
 * @param namespaceUid the namespace's uid
 * @param namespace its name
 * @param metric the metric's name
 * @param strategy the name of the strategy that it counts by now
 * @param stats what it has counted and holds
 * @param lateIncrements increments, ever, that came after their hour was final
 * @param beyondRetention increments, ever, that were too old for some bucket
 */
public record MetricAccount(
    long namespaceUid,
    String namespace,
    String metric,
    String strategy,
    MetricStats stats,
    long lateIncrements,
    long beyondRetention) {}
