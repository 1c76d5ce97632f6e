package org.tallyring.cli.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A shard server.
 *
 * @param id who it is in the cluster
 * @param host where it serves gRPC, and what it tells others to connect to
 * @param port the port there
 * @param weight its share of ranges relative to the others
 * @param zone its failure zone; may be empty
 * @param clusterName the cluster it joins
 * @param ranges into how many ranges the ring is cut, if this shard is the one that creates the
 *     cluster; fixed from then on
 * @param zookeeper the ZooKeeper servers
 * @param sessionTimeout after how long without a sign of life ZooKeeper takes it for dead
 * @param journalRollBytes a journal segment is ended when it is larger than this
 * @param journalSnapshotBytes a snapshot is taken after this much journal
 * @param journalRetention for how long at least what is in a journal is kept after snapshots have
 *     made it unnecessary
 * @param engineLoops how many event loops own ranges; 0 means one per core
 * @param inFlightBytes how much may be accepted and not yet durable
 * @param expectedMembers how many shards the controller waits for, within the grace, before it
 *     assigns the ranges of a fresh cluster
 * @param rejoinGrace how long after its start the controller counts a missing shard as on its way
 * @param movesAtOnce how many ranges the controller has on the move between live shards at a time
 * @param drainTimeout how long it hands its ranges on when it is told to stop; 0 for not at all
 * @param metricsHost where it serves {@code /metrics} and {@code /healthz}
 * @param metricsPort the port there; 0 for not at all
 */
public record ShardConfig(
    String id,
    String host,
    int port,
    int weight,
    String zone,
    String clusterName,
    int ranges,
    List<HostPort> zookeeper,
    Duration sessionTimeout,
    long journalRollBytes,
    long journalSnapshotBytes,
    Duration journalRetention,
    int engineLoops,
    long inFlightBytes,
    int expectedMembers,
    Duration rejoinGrace,
    int movesAtOnce,
    Duration drainTimeout,
    String metricsHost,
    int metricsPort) {

  private static final long MIB = 1L << 20;

  private static final Setting<String> ID = Setting.name("shard.id", "shard-1");
  private static final Setting<String> HOST = Setting.host("shard.host", "127.0.0.1");
  private static final Setting<Integer> PORT = Setting.port("shard.port", 7071);
  private static final Setting<Integer> WEIGHT = Setting.integer("shard.weight", 1, 1, 100);
  private static final Setting<String> ZONE = Setting.text("shard.zone", "");
  private static final Setting<String> CLUSTER_NAME = Setting.name("cluster.name", "main");
  private static final Setting<Integer> RANGES = Setting.powerOfTwo("cluster.ranges", 64, 4_096);
  private static final Setting<List<HostPort>> ZOOKEEPER =
      Setting.addresses("zookeeper.connect", "127.0.0.1:7090");
  private static final Setting<Duration> SESSION_TIMEOUT =
      Setting.duration("zookeeper.session-timeout", Duration.ofSeconds(6), Duration.ofSeconds(1));

  /** Far too little for real use, and what a short test needs to see segments and snapshots. */
  private static final long LEAST_JOURNAL_BYTES = 16 << 10;

  private static final Setting<Long> ROLL_BYTES =
      Setting.bytes("journal.roll-bytes", 64 * MIB, LEAST_JOURNAL_BYTES);
  private static final Setting<Long> SNAPSHOT_BYTES =
      Setting.bytes("journal.snapshot-bytes", 64 * MIB, LEAST_JOURNAL_BYTES);
  private static final Setting<Duration> RETENTION =
      Setting.duration("journal.retention", Duration.ZERO, Duration.ZERO);
  private static final Setting<Integer> ENGINE_LOOPS = Setting.integer("engine.loops", 0, 0, 1_024);
  private static final Setting<Long> IN_FLIGHT_BYTES =
      Setting.bytes("limits.in-flight-bytes", 64 * MIB, MIB);
  private static final Setting<Integer> EXPECTED_MEMBERS =
      Setting.integer("controller.expected-members", 1, 1, 1_000);
  private static final Setting<Duration> REJOIN_GRACE =
      Setting.duration("controller.rejoin-grace", Duration.ofSeconds(5), Duration.ZERO);
  private static final Setting<Integer> MOVES_AT_ONCE =
      Setting.integer("controller.moves-at-once", 8, 1, 16_384);
  private static final Setting<Duration> DRAIN_TIMEOUT =
      Setting.duration("shutdown.drain-timeout", Duration.ofSeconds(30), Duration.ZERO);
  private static final Setting<String> METRICS_HOST = Setting.host("metrics.host", "127.0.0.1");
  private static final Setting<Integer> METRICS_PORT =
      Setting.integer("metrics.port", 0, 0, 65_535);

  static final List<Setting<?>> SETTINGS =
      List.of(
          ID,
          HOST,
          PORT,
          WEIGHT,
          ZONE,
          CLUSTER_NAME,
          RANGES,
          ZOOKEEPER,
          SESSION_TIMEOUT,
          ROLL_BYTES,
          SNAPSHOT_BYTES,
          RETENTION,
          ENGINE_LOOPS,
          IN_FLIGHT_BYTES,
          EXPECTED_MEMBERS,
          REJOIN_GRACE,
          MOVES_AT_ONCE,
          DRAIN_TIMEOUT,
          METRICS_HOST,
          METRICS_PORT);

  /**
   * Reads a file.
   *
   * @throws org.tallyring.cli.failure.CliException if it cannot be read or is wrong
   */
  public static ShardConfig read(Path file) {
    return of(ConfigFile.read(file, SETTINGS));
  }

  static ShardConfig of(ConfigFile file) {
    return new ShardConfig(
        file.get(ID),
        file.get(HOST),
        file.get(PORT),
        file.get(WEIGHT),
        file.get(ZONE),
        file.get(CLUSTER_NAME),
        file.get(RANGES),
        file.get(ZOOKEEPER),
        file.get(SESSION_TIMEOUT),
        file.get(ROLL_BYTES),
        file.get(SNAPSHOT_BYTES),
        file.get(RETENTION),
        file.get(ENGINE_LOOPS),
        file.get(IN_FLIGHT_BYTES),
        file.get(EXPECTED_MEMBERS),
        file.get(REJOIN_GRACE),
        file.get(MOVES_AT_ONCE),
        file.get(DRAIN_TIMEOUT),
        file.get(METRICS_HOST),
        file.get(METRICS_PORT));
  }
}
