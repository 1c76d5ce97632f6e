package org.tallyring.benchmarks.load;

import org.jspecify.annotations.Nullable;

/**
 * What servers have used since they were started, by their own accounts.
 *
 * @param cpuNanos CPU time of all processes in nanoseconds; null if one does not tell
 * @param receivedBytes bytes of the messages that came in over the network; null if nobody tells
 * @param journalBytes bytes appended to journals; null if nobody tells
 */
public record ServerFigures(
    @Nullable Double cpuNanos, @Nullable Double receivedBytes, @Nullable Double journalBytes) {}
