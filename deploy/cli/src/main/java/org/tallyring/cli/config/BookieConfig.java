package org.tallyring.cli.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A bookie.
 *
 * @param id who it is, whatever its address: data is found by it
 * @param host where it listens, and what it tells others to connect to
 * @param port the port there
 * @param zone its failure zone; may be empty
 * @param dataDir where it keeps journal and ledgers
 * @param zookeeper the ZooKeeper servers
 * @param sessionTimeout after how long without a sign of life ZooKeeper takes it for dead
 */
public record BookieConfig(
    String id,
    String host,
    int port,
    String zone,
    Path dataDir,
    List<HostPort> zookeeper,
    Duration sessionTimeout) {

  private static final Setting<String> ID = Setting.name("bookie.id", "bookie-1");
  private static final Setting<String> HOST = Setting.host("bookie.host", "127.0.0.1");
  private static final Setting<Integer> PORT = Setting.port("bookie.port", 3181);
  private static final Setting<String> ZONE = Setting.text("bookie.zone", "");
  private static final Setting<Path> DATA_DIR =
      Setting.directory("bookie.data-dir", "data/bookie-1");
  private static final Setting<List<HostPort>> ZOOKEEPER =
      Setting.addresses("zookeeper.connect", "127.0.0.1:7090");
  private static final Setting<Duration> SESSION_TIMEOUT =
      Setting.duration("zookeeper.session-timeout", Duration.ofSeconds(10), Duration.ofSeconds(1));

  static final List<Setting<?>> SETTINGS =
      List.of(ID, HOST, PORT, ZONE, DATA_DIR, ZOOKEEPER, SESSION_TIMEOUT);

  /**
   * Reads a file.
   *
   * @throws org.tallyring.cli.failure.CliException if it cannot be read or is wrong
   */
  public static BookieConfig read(Path file) {
    return of(ConfigFile.read(file, SETTINGS));
  }

  static BookieConfig of(ConfigFile file) {
    return new BookieConfig(
        file.get(ID),
        file.get(HOST),
        file.get(PORT),
        file.get(ZONE),
        file.get(DATA_DIR),
        file.get(ZOOKEEPER),
        file.get(SESSION_TIMEOUT));
  }
}
