package org.tallyring.shardserver.engine;

/**
 * One metric of one namespace in one range, for operators.
 *
 * @param namespace the namespace's name
 * @param metric the metric's name
 * @param strategy the name of the strategy that it counts by now
 * @param stats what it has counted and holds
 */
public record MetricAccount(String namespace, String metric, String strategy, MetricStats stats) {}
