package org.tallyring.shardserver.engine;

import org.tallyring.topology.window.WindowLevel;

/**
 * Names one window of one metric.
 *
 * @param namespaceUid the namespace's uid
 * @param metric the metric
 * @param level the kind of window
 * @param startMillis its start in milliseconds since 1970-01-01T00:00:00Z; 0 for {@link
 *     WindowLevel#ALL}
 */
public record WindowKey(long namespaceUid, String metric, WindowLevel level, long startMillis) {}
