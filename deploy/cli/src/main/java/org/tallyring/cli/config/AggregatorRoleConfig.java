package org.tallyring.cli.config;

import java.nio.file.Path;
import java.util.List;

/**
 * An aggregator.
 *
 * @param host where it serves gRPC and REST
 * @param port the port there
 * @param seeds a few shards, through which it finds all of them
 */
public record AggregatorRoleConfig(String host, int port, List<HostPort> seeds) {

  private static final Setting<String> HOST = Setting.host("aggregator.host", "127.0.0.1");
  private static final Setting<Integer> PORT = Setting.port("aggregator.port", 7070);
  private static final Setting<List<HostPort>> SEEDS =
      Setting.addresses("aggregator.seeds", "127.0.0.1:7071");

  static final List<Setting<?>> SETTINGS = List.of(HOST, PORT, SEEDS);

  /**
   * Reads a file.
   *
   * @throws org.tallyring.cli.failure.CliException if it cannot be read or is wrong
   */
  public static AggregatorRoleConfig read(Path file) {
    return of(ConfigFile.read(file, SETTINGS));
  }

  static AggregatorRoleConfig of(ConfigFile file) {
    return new AggregatorRoleConfig(file.get(HOST), file.get(PORT), file.get(SEEDS));
  }
}
