package org.tallyring.shardserver.engine;

/**
 * What a metric has counted and holds in one range.
 *
 * @param hits increments applied, ever
 * @param keys keys with a count over all time
 * @param entries counts in buckets, and hits of a sliding window
 * @param pruned entries dropped, ever: hits past the horizon, and keys that were no heavy hitters
 * @param bytes what counts and hits take in memory, about, without the keys
 */
public record MetricStats(long hits, long keys, long entries, long pruned, long bytes) {}
