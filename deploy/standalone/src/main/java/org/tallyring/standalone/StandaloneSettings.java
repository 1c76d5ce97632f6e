package org.tallyring.standalone;

import java.nio.file.Path;
import java.time.Duration;

/**
 * A whole cluster in one JVM.
 *
 * @param data where everything is kept
 * @param shards how many shards, 1 to {@value #MAX_SHARDS}
 * @param ranges into how many ranges the ring of a new cluster is cut: a power of two, 1 to {@value
 *     #MAX_RANGES}; one that exists keeps its own
 * @param port the aggregator's; shard i listens on {@code port + i}, ZooKeeper on {@code port + 20}
 * @param journalRetention for how long at least what is in a journal is kept after snapshots have
 *     made it unnecessary
 */
public record StandaloneSettings(
    Path data, int shards, int ranges, int port, Duration journalRetention) {

  /** The most shards that fit between the aggregator's port and ZooKeeper's. */
  public static final int MAX_SHARDS = 16;

  /** The most ranges that make sense on one machine. */
  public static final int MAX_RANGES = 4_096;

  /** How far ZooKeeper's port is from the aggregator's. */
  public static final int ZOOKEEPER_PORT_OFFSET = 20;

  /** Refuses numbers out of bounds. */
  public StandaloneSettings {
    if (shards < 1 || shards > MAX_SHARDS) {
      throw new IllegalArgumentException(
          "shards: " + shards + " (expected: 1.." + MAX_SHARDS + ")");
    }
    if (!isRangeCount(ranges)) {
      throw new IllegalArgumentException(
          "ranges: " + ranges + " (expected: a power of two, 1.." + MAX_RANGES + ")");
    }
    if (port < 1 || port > 65_535 - ZOOKEEPER_PORT_OFFSET) {
      throw new IllegalArgumentException(
          "port: " + port + " (expected: 1.." + (65_535 - ZOOKEEPER_PORT_OFFSET) + ")");
    }
  }

  /** Whether the ring of a cluster on one machine may be cut into so many ranges. */
  public static boolean isRangeCount(int ranges) {
    return ranges >= 1 && ranges <= MAX_RANGES && Integer.bitCount(ranges) == 1;
  }
}
