package org.tallyring.shardserver.server;

import java.time.Duration;
import org.tallyring.shardserver.ownership.RangeSettings;

/**
 * What makes one shard differ from another.
 *
 * @param cluster the cluster's name
 * @param shardId this shard's id, unique in the cluster and the same after a restart
 * @param host the address to listen on and to be reached at
 * @param port the port to listen on; 0 for any
 * @param weight its share of ranges relative to the others
 * @param zone its failure zone; may be empty
 * @param loops how many event loops; 0 for one per core
 * @param ranges how ranges behave
 * @param expectedMembers how many shards to wait for, within the grace, before ranges of a fresh
 *     cluster are assigned
 * @param rejoinGrace how long after this process started a missing shard may still be on its way
 * @param movesAtOnce how many ranges the controller has on the move between live shards at a time
 */
public record ShardServerSettings(
    String cluster,
    String shardId,
    String host,
    int port,
    int weight,
    String zone,
    int loops,
    RangeSettings ranges,
    int expectedMembers,
    Duration rejoinGrace,
    int movesAtOnce) {}
