package org.tallyring.cli;

import java.nio.file.Path;
import java.time.Duration;

/**
 * A whole cluster in one process.
 *
 * @param data where everything is kept
 * @param shards how many shards
 * @param ranges into how many ranges the ring of a new cluster is cut
 * @param port the aggregator's; shard i listens on {@code port + i}, ZooKeeper on {@code port + 20}
 * @param journalRetention for how long at least what is in a journal is kept after snapshots have
 *     made it unnecessary
 * @param demo whether to make up traffic
 */
record StandaloneOptions(
    Path data, int shards, int ranges, int port, Duration journalRetention, boolean demo) {}
