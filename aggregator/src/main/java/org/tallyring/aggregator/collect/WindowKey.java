package org.tallyring.aggregator.collect;

import org.tallyring.topology.window.WindowLevel;

/**
 * One metric in one window.
 *
 * @param namespaceUid the namespace's uid, so that one deleted and created again is another one
 * @param metric the metric's name
 * @param level the kind of window
 * @param startMillis the window's start in milliseconds since 1970-01-01T00:00:00Z; 0 for all time
 */
public record WindowKey(long namespaceUid, String metric, WindowLevel level, long startMillis) {}
