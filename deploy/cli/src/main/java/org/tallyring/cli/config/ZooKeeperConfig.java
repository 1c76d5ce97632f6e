package org.tallyring.cli.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A ZooKeeper server.
 *
 * @param dataDir where it keeps its log and snapshots
 * @param host where it listens
 * @param port the port there
 * @param tick its unit of time; sessions live at least 2 of them, and their end is noticed up to
 *     one late
 */
public record ZooKeeperConfig(Path dataDir, String host, int port, Duration tick) {

  private static final Setting<Path> DATA_DIR =
      Setting.directory("zookeeper.data-dir", "data/zookeeper");
  private static final Setting<String> HOST = Setting.host("zookeeper.host", "127.0.0.1");
  private static final Setting<Integer> PORT = Setting.port("zookeeper.port", 7090);
  private static final Setting<Integer> TICK_MILLIS =
      Setting.integer("zookeeper.tick-millis", 200, 100, 60_000);

  static final List<Setting<?>> SETTINGS = List.of(DATA_DIR, HOST, PORT, TICK_MILLIS);

  /**
   * Reads a file.
   *
   * @throws org.tallyring.cli.failure.CliException if it cannot be read or is wrong
   */
  public static ZooKeeperConfig read(Path file) {
    return of(ConfigFile.read(file, SETTINGS));
  }

  static ZooKeeperConfig of(ConfigFile file) {
    return new ZooKeeperConfig(
        file.get(DATA_DIR),
        file.get(HOST),
        file.get(PORT),
        Duration.ofMillis(file.get(TICK_MILLIS)));
  }
}
