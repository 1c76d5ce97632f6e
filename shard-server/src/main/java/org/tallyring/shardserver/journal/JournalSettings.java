package org.tallyring.shardserver.journal;

import java.time.Duration;

/**
 * How the journals of a cluster are kept.
 *
 * @param cluster the cluster's name, written to every ledger so that two clusters can share bookies
 * @param zooKeeper where the bookies' metadata are, as a ZooKeeper connect string
 * @param zooKeeperSessionTimeout after how long without contact the bookies' metadata client is
 *     given up
 * @param appendTimeout after how long without its answer a bookie counts as failed; whole seconds
 * @param singleMachine whether one copy will do when the cluster has only one bookie
 * @param rollBytes at which size a segment is followed by another
 * @param maxEntryBytes the largest entry; a bookie takes about 5 MiB
 * @param replayChunkBytes how much a replay reads at once; it holds two such chunks
 * @param retention for how long at least a segment is kept after it ended, though snapshots have
 *     made it unnecessary; it goes with the first snapshot after that
 */
public record JournalSettings(
    String cluster,
    String zooKeeper,
    Duration zooKeeperSessionTimeout,
    Duration appendTimeout,
    boolean singleMachine,
    long rollBytes,
    int maxEntryBytes,
    int replayChunkBytes,
    Duration retention) {

  private static final int LARGEST_ENTRY_BYTES = 4 << 20;

  private static final Duration LONGEST_RETENTION = Duration.ofDays(36_500);

  /** Checks the bounds. */
  public JournalSettings {
    require(!cluster.isEmpty(), "cluster: '' (expected: a name)");
    require(!zooKeeper.isEmpty(), "zooKeeper: '' (expected: host:port[,host:port...])");
    require(
        zooKeeperSessionTimeout.toMillis() > 0,
        "zooKeeperSessionTimeout: " + zooKeeperSessionTimeout + " (expected: positive)");
    require(
        appendTimeout.toSeconds() > 0,
        "appendTimeout: " + appendTimeout + " (expected: at least a second)");
    require(rollBytes > 0, "rollBytes: " + rollBytes + " (expected: positive)");
    require(
        maxEntryBytes > 0 && maxEntryBytes <= LARGEST_ENTRY_BYTES,
        "maxEntryBytes: " + maxEntryBytes + " (expected: 1 to " + LARGEST_ENTRY_BYTES + ")");
    require(
        replayChunkBytes > 0, "replayChunkBytes: " + replayChunkBytes + " (expected: positive)");
    require(
        !retention.isNegative() && retention.compareTo(LONGEST_RETENTION) <= 0,
        "retention: " + retention + " (expected: 0 to " + LONGEST_RETENTION.toDays() + " days)");
  }

  /**
   * The defaults: 10 s session, 5 s for an append, at least two copies, segments of 64 MiB, entries
   * up to 1 MiB, replay in chunks of 4 MiB, nothing kept that is not needed.
   */
  public static JournalSettings defaults(String cluster, String zooKeeper) {
    return new JournalSettings(
        cluster,
        zooKeeper,
        Duration.ofSeconds(10),
        Duration.ofSeconds(5),
        false,
        64L << 20,
        1 << 20,
        4 << 20,
        Duration.ZERO);
  }

  /** These, with another {@link #singleMachine}. */
  public JournalSettings withSingleMachine(boolean allowed) {
    return new JournalSettings(
        cluster,
        zooKeeper,
        zooKeeperSessionTimeout,
        appendTimeout,
        allowed,
        rollBytes,
        maxEntryBytes,
        replayChunkBytes,
        retention);
  }

  /** These, with another {@link #rollBytes}. */
  public JournalSettings withRollBytes(long bytes) {
    return new JournalSettings(
        cluster,
        zooKeeper,
        zooKeeperSessionTimeout,
        appendTimeout,
        singleMachine,
        bytes,
        maxEntryBytes,
        replayChunkBytes,
        retention);
  }

  /** These, with another {@link #zooKeeperSessionTimeout}. */
  public JournalSettings withZooKeeperSessionTimeout(Duration timeout) {
    return new JournalSettings(
        cluster,
        zooKeeper,
        timeout,
        appendTimeout,
        singleMachine,
        rollBytes,
        maxEntryBytes,
        replayChunkBytes,
        retention);
  }

  /** These, with another {@link #retention}. */
  public JournalSettings withRetention(Duration kept) {
    return new JournalSettings(
        cluster,
        zooKeeper,
        zooKeeperSessionTimeout,
        appendTimeout,
        singleMachine,
        rollBytes,
        maxEntryBytes,
        replayChunkBytes,
        kept);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
