package org.tallyring.systemtests.cluster;

import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.Topology;
import org.tallyring.systemtests.driver.ClusterApi;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.process.Ports;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.systemtests.process.TallyProcess;

/**
 * A cluster of eight processes: ZooKeeper, three bookies, three shards and an aggregator. Three
 * bookies keep two copies of everything, so that one bookie may be lost.
 */
public final class ProcessCluster implements AutoCloseable {

  /**
   * After how long a silent shard is dead: the shortest that ZooKeeper grants at a tick of a
   * second.
   */
  public static final Duration SESSION_TIMEOUT = Duration.ofSeconds(2);

  private static final int BOOKIES = 3;
  private static final int SHARDS = 3;
  private static final int ZOOKEEPER_OFFSET = 20;
  private static final int FIRST_BOOKIE_OFFSET = 21;
  private static final int METRICS_OFFSET = 30;
  private static final Duration START = Duration.ofSeconds(90);

  private final Processes processes;
  private final int port;
  private final ClusterApi api;
  private final Map<String, TallyProcess> roles = new LinkedHashMap<>();

  private ProcessCluster(Processes processes) {
    this.processes = processes;
    port = Ports.base(0, 1, 2, 3, ZOOKEEPER_OFFSET, 21, 22, 23, 31, 32, 33);
    api = new ClusterApi(address());
  }

  /** Starts all processes and waits until every range is served and the aggregator answers. */
  public static ProcessCluster start(Processes processes) {
    ProcessCluster cluster = new ProcessCluster(processes);
    cluster.startAll();
    return cluster;
  }

  private void startAll() {
    String zookeeper = "127.0.0.1:" + (port + ZOOKEEPER_OFFSET);
    startRole(
        "zookeeper",
        "zookeeper",
        Map.of(
            "zookeeper.data-dir", dataOf("zookeeper"), "zookeeper.port", port + ZOOKEEPER_OFFSET));
    awaitListening(port + ZOOKEEPER_OFFSET);
    for (int i = 1; i <= BOOKIES; i++) {
      startRole(
          "bookie",
          "bookie-" + i,
          Map.of(
              "bookie.id",
              "bookie-" + i,
              "bookie.port",
              port + FIRST_BOOKIE_OFFSET + i - 1,
              "bookie.data-dir",
              dataOf("bookie-" + i),
              "zookeeper.connect",
              zookeeper));
    }
    for (int i = 1; i <= BOOKIES; i++) {
      awaitListening(port + FIRST_BOOKIE_OFFSET + i - 1);
    }
    List<String> shards = new ArrayList<>();
    for (int i = 1; i <= SHARDS; i++) {
      shards.add("127.0.0.1:" + (port + i));
      startRole(
          "shard-server",
          "shard-" + i,
          Map.of(
              "shard.id",
              "shard-" + i,
              "shard.port",
              port + i,
              "zookeeper.connect",
              zookeeper,
              "zookeeper.session-timeout",
              SESSION_TIMEOUT.toSeconds() + "s",
              "controller.expected-members",
              SHARDS,
              "metrics.port",
              port + METRICS_OFFSET + i));
    }
    startRole(
        "aggregator",
        "aggregator",
        Map.of("aggregator.port", port, "aggregator.seeds", String.join(",", shards)));
    await("all ranges to be served")
        .atMost(START)
        .failFast("a process ended", this::hasProcessEnded)
        .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
        .until(() -> isComplete(api.topology()));
  }

  private static boolean isComplete(Topology topology) {
    return topology.getShardsCount() == SHARDS
        && topology.getRangesCount() > 0
        && topology.getRangesList().stream().allMatch(RangeOwnership::getServing);
  }

  private void startRole(String role, String name, Map<String, Object> settings) {
    StringBuilder text = new StringBuilder();
    settings.forEach((key, value) -> text.append(key).append(" = ").append(value).append('\n'));
    Path config = processes.directory().resolve(name + ".conf");
    try {
      Files.writeString(config, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    roles.put(
        name,
        processes.start(name, List.of("-Xmx256m"), List.of(role, "--config", config.toString())));
  }

  private String dataOf(String name) {
    return processes.directory().resolve("data").resolve(name).toString();
  }

  private void awaitListening(int port) {
    await("port " + port + " to be listened on")
        .atMost(START)
        .failFast("a process ended", this::hasProcessEnded)
        .until(() -> isListening(port));
  }

  private boolean hasProcessEnded() {
    return roles.values().stream().anyMatch(role -> !role.isAlive());
  }

  private static boolean isListening(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException refused) {
      return false;
    }
  }

  /**
   * A process by its name: {@code zookeeper}, {@code bookie-1}, {@code shard-1}, {@code
   * aggregator}.
   */
  public TallyProcess role(String name) {
    TallyProcess role = roles.get(name);
    if (role == null) {
      throw new IllegalArgumentException(
          "role: " + name + " (expected: one of " + roles.keySet() + ")");
    }
    return role;
  }

  /** The aggregator, {@code host:port}. */
  public String address() {
    return "127.0.0.1:" + port;
  }

  /** The shards, {@code host:port} each. */
  public List<String> shardAddresses() {
    return addressesFrom(port);
  }

  /** Where the shards show their metrics, {@code host:port} each. */
  public List<String> metricsAddresses() {
    return addressesFrom(port + METRICS_OFFSET);
  }

  private static List<String> addressesFrom(int base) {
    List<String> addresses = new ArrayList<>();
    for (int i = 1; i <= SHARDS; i++) {
      addresses.add("127.0.0.1:" + (base + i));
    }
    return addresses;
  }

  /** Calls to the aggregator. */
  public ClusterApi api() {
    return api;
  }

  /** Commands of a user. */
  public Tally tally() {
    return new Tally(processes, address());
  }

  @Override
  public void close() {
    api.close();
  }
}
