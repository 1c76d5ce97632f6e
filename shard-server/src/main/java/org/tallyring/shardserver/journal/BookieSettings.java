package org.tallyring.shardserver.journal;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How a bookie runs.
 *
 * @param id its name in the cluster; belongs to the data directory for ever and is independent of
 *     the address, so that a bookie can move to another one
 * @param directory where its data are; no other bookie can use it at the same time
 * @param zooKeeper the connect string
 * @param zooKeeperSessionTimeout after how long without contact it counts as dead; also how long a
 *     restart after a crash waits for the former registration to go
 * @param listen where it listens and is reached, port 0 for any; empty for this process only
 * @param autoRecovery whether it helps to restore lost copies; wanted wherever there are several
 * @param replaceStaleRegistration whether the registration of a former process on the same
 *     directory is removed instead of waited for. The lock on the directory proves that process
 *     dead, provided that all processes that use the directory are on one machine
 * @param zone its failure zone, for example a rack: copies are spread over zones. May be empty
 */
public record BookieSettings(
    String id,
    Path directory,
    String zooKeeper,
    Duration zooKeeperSessionTimeout,
    Optional<InetSocketAddress> listen,
    boolean autoRecovery,
    boolean replaceStaleRegistration,
    String zone) {

  /** Checks the bounds. */
  public BookieSettings {
    if (!id.matches("[a-zA-Z0-9_.-]+")) {
      throw new IllegalArgumentException(
          "id: '" + id + "' (expected: letters, digits, '.', '_' and '-')");
    }
    if (zooKeeper.isEmpty()) {
      throw new IllegalArgumentException("zooKeeper: '' (expected: host:port[,host:port...])");
    }
    if (zooKeeperSessionTimeout.toMillis() <= 0) {
      throw new IllegalArgumentException(
          "zooKeeperSessionTimeout: " + zooKeeperSessionTimeout + " (expected: positive)");
    }
  }

  /**
   * The one bookie of a single machine: no port, a short session, a stale registration replaced.
   */
  public static BookieSettings embedded(Path directory, String zooKeeper) {
    return new BookieSettings(
        "local",
        directory,
        zooKeeper,
        Duration.ofSeconds(4),
        Optional.empty(),
        false,
        true,
        BookieZone.NONE);
  }

  /** A bookie of a cluster: 10 s session, helping to restore lost copies, in no zone. */
  public static BookieSettings clustered(
      String id, Path directory, String zooKeeper, InetSocketAddress listen) {
    return new BookieSettings(
        id,
        directory,
        zooKeeper,
        Duration.ofSeconds(10),
        Optional.of(listen),
        true,
        true,
        BookieZone.NONE);
  }
}
