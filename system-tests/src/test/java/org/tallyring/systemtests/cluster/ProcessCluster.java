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
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.Topology;
import org.tallyring.systemtests.driver.ClusterApi;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.process.Ports;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.systemtests.process.TallyProcess;

/**
 * A cluster of processes: ZooKeeper, three bookies, three shards or more, and an aggregator. Three
 * bookies keep two copies of everything, so that one bookie may be lost. Not thread-safe.
 */
public final class ProcessCluster implements AutoCloseable {

  /** After how long a silent shard is dead. */
  public static final Duration SESSION_TIMEOUT = Duration.ofSeconds(2);

  /** How many shards it begins with. */
  public static final int SHARDS = 3;

  /** The highest number that a shard may have. */
  public static final int MOST_SHARDS = 6;

  /** How many ranges it has if nobody says so. */
  private static final int RANGES = 64;

  /** How many bookies it has. */
  public static final int BOOKIES = 3;

  /**
   * Nine young JVMs on a few cores would mostly compile: with the quick compiler alone, and one
   * thread to collect garbage, there is more of the machine for what is tested.
   */
  private static final List<String> JVM_OPTIONS =
      List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  private static final int ZOOKEEPER_OFFSET = 20;
  private static final int FIRST_BOOKIE_OFFSET = 21;
  private static final int METRICS_OFFSET = 30;
  private static final Duration START = Duration.ofMinutes(3);

  /** Long enough to hand all ranges over on a busy machine. */
  private static final Duration STOP = Duration.ofSeconds(60);

  /** How a process is started, the first time and again. */
  private record Role(String verb, List<String> jvmOptions, Path config) {}

  private final Processes processes;
  private final int port;
  private final ClusterApi api;
  private final @Nullable ClusterLinks links;
  private final Map<String, Path> directories;
  private final int ranges;
  private final Map<String, Role> roles = new LinkedHashMap<>();
  private final Map<String, TallyProcess> running = new LinkedHashMap<>();

  private ProcessCluster(
      Processes processes, boolean linked, Map<String, Path> directories, int ranges) {
    this.processes = processes;
    this.directories = Map.copyOf(directories);
    this.ranges = ranges;
    port = Ports.base(0, 1, 2, 3, 4, 5, 6, 20, 21, 22, 23, 31, 32, 33, 34, 35, 36);
    api = new ClusterApi(address());
    Map<String, Integer> bookiePorts = new LinkedHashMap<>();
    for (int i = 1; i <= BOOKIES; i++) {
      bookiePorts.put("bookie-" + i, bookiePort(i));
    }
    links =
        linked
            ? new ClusterLinks(processes.directory(), port + ZOOKEEPER_OFFSET, bookiePorts)
            : null;
  }

  /** Starts all processes and waits until every range is served and the aggregator answers. */
  public static ProcessCluster start(Processes processes) {
    return startOfRanges(processes, RANGES);
  }

  /** The same with another number of ranges. */
  public static ProcessCluster startOfRanges(Processes processes, int ranges) {
    return start(processes, false, Map.of(), ranges);
  }

  /**
   * The same, with links between the shards and what they depend on, which can be cut.
   *
   * @param directories where processes keep their data, by name, if not beside their logs
   */
  public static ProcessCluster startWithLinks(Processes processes, Map<String, Path> directories) {
    return start(processes, true, directories, RANGES);
  }

  private static ProcessCluster start(
      Processes processes, boolean linked, Map<String, Path> directories, int ranges) {
    ProcessCluster cluster = new ProcessCluster(processes, linked, directories, ranges);
    cluster.define();
    cluster.startAll();
    return cluster;
  }

  private void define() {
    String zookeeper = "127.0.0.1:" + (port + ZOOKEEPER_OFFSET);
    define(
        "zookeeper",
        "zookeeper",
        List.of(),
        Map.of(
            "zookeeper.data-dir", dataOf("zookeeper"), "zookeeper.port", port + ZOOKEEPER_OFFSET));
    for (int i = 1; i <= BOOKIES; i++) {
      String name = "bookie-" + i;
      define(
          "bookie",
          name,
          links == null ? List.of() : List.of(links.hostsOption(0)),
          Map.of(
              "bookie.id",
              name,
              "bookie.host",
              links == null ? "127.0.0.1" : ClusterLinks.host(name),
              "bookie.port",
              bookiePort(i),
              "bookie.data-dir",
              dataOf(name),
              "zookeeper.connect",
              zookeeper));
    }
    for (int i = 1; i <= SHARDS; i++) {
      defineShard(i);
    }
    define(
        "aggregator",
        "aggregator",
        List.of(),
        Map.of("aggregator.port", port, "aggregator.seeds", String.join(",", shardAddresses())));
  }

  private void defineShard(int number) {
    String name = "shard-" + number;
    String zookeeper = "127.0.0.1:" + (port + ZOOKEEPER_OFFSET);
    List<String> jvmOptions = List.of();
    if (links != null) {
      links.add(name, number, port + number);
      zookeeper = links.zookeeperOf(number);
      jvmOptions = List.of(links.hostsOption(number));
    }
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("cluster.ranges", ranges);
    if (links != null) {
      // A range gets some kilobytes a second: faults shall meet snapshots and new segments.
      settings.put("journal.snapshot-bytes", 32 << 10);
      settings.put("journal.roll-bytes", 48 << 10);
    }
    settings.putAll(
        Map.of(
            "shard.id",
            name,
            "shard.port",
            port + number,
            "zookeeper.connect",
            zookeeper,
            "zookeeper.session-timeout",
            SESSION_TIMEOUT.toSeconds() + "s",
            "controller.expected-members",
            SHARDS,
            "metrics.port",
            port + METRICS_OFFSET + number));
    define("shard-server", name, jvmOptions, settings);
  }

  private void define(
      String verb, String name, List<String> jvmOptions, Map<String, Object> settings) {
    StringBuilder text = new StringBuilder();
    settings.forEach((key, value) -> text.append(key).append(" = ").append(value).append('\n'));
    Path config = processes.directory().resolve(name + ".conf");
    try {
      Files.writeString(config, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String> options = new ArrayList<>(JVM_OPTIONS);
    options.addAll(jvmOptions);
    roles.put(name, new Role(verb, options, config));
  }

  /** Starts, in the order of their dependencies, whatever does not run, and waits for it. */
  public void startAll() {
    running.values().removeIf(process -> !process.isAlive());
    List<String> missing = roles.keySet().stream().filter(name -> !isRunning(name)).toList();
    if (missing.contains("zookeeper")) {
      launch("zookeeper");
      awaitListening(port + ZOOKEEPER_OFFSET);
    }
    List<String> bookies = missing.stream().filter(name -> name.startsWith("bookie")).toList();
    bookies.forEach(this::launch);
    // A bookie that replaces a dead one is ready only when that one's session has ended.
    bookies.forEach(bookie -> role(bookie).awaitOutput("bookie " + bookie + " is ready", START));
    missing.stream()
        .filter(name -> !name.equals("zookeeper") && !bookies.contains(name))
        .forEach(this::launch);
    awaitComplete();
  }

  private void launch(String name) {
    Role role = roles.get(name);
    if (role == null) {
      throw new IllegalArgumentException(
          "role: " + name + " (expected: one of " + roles.keySet() + ")");
    }
    running.put(
        name,
        processes.start(
            name, role.jvmOptions(), List.of(role.verb(), "--config", role.config().toString())));
  }

  private boolean isRunning(String name) {
    TallyProcess process = running.get(name);
    return process != null && process.isAlive();
  }

  /** Starts one that has ended, with the configuration that it had, and does not wait. */
  public void restart(String name) {
    if (isRunning(name)) {
      throw new IllegalStateException(name + ": running (expected: ended)");
    }
    launch(name);
  }

  /** Starts another shard, with the lowest number that is free, and does not wait. */
  public String addShard() {
    for (int number = 1; number <= MOST_SHARDS; number++) {
      String name = "shard-" + number;
      if (!roles.containsKey(name)) {
        defineShard(number);
        launch(name);
        return name;
      }
    }
    throw new IllegalStateException(
        "shards: " + shards() + " (expected: less than " + MOST_SHARDS + ")");
  }

  /** Stops a shard for good, with SIGTERM. */
  public void removeShard(String name) {
    roles.remove(name);
    stop(name);
    running.remove(name);
  }

  /** Asks a process to end, with SIGTERM, and waits until it has. */
  public void stop(String name) {
    TallyProcess process = role(name);
    process.askToEnd();
    process.awaitExit(STOP);
  }

  /** The shards that belong to the cluster, running or not. */
  public List<String> shards() {
    return roles.keySet().stream().filter(name -> name.startsWith("shard")).toList();
  }

  /** All processes that belong to the cluster, in the order in which they are started. */
  public List<String> names() {
    return List.copyOf(roles.keySet());
  }

  /** Waits until every shard is a member and serves what it is assigned, and that is all. */
  public void awaitComplete() {
    await("all ranges to be served by " + shards())
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(100))
        .atMost(START)
        .failFast("a process ended", this::hasProcessEnded)
        .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
        .until(() -> isComplete(api.topology()));
  }

  private boolean isComplete(Topology topology) {
    return topology.getShardsCount() == shards().size()
        && topology.getRangesCount() > 0
        && topology.getRangesList().stream()
            .allMatch(range -> range.getServing() && range.getOwner().equals(range.getAssigned()));
  }

  private int bookiePort(int number) {
    return port + FIRST_BOOKIE_OFFSET + number - 1;
  }

  private String dataOf(String name) {
    return directories
        .getOrDefault(name, processes.directory().resolve("data-of-roles").resolve(name))
        .toString();
  }

  private void awaitListening(int port) {
    await("port " + port + " to be listened on")
        .atMost(START)
        .failFast("a process ended", this::hasProcessEnded)
        .until(() -> isListening(port));
  }

  private boolean hasProcessEnded() {
    return running.values().stream().anyMatch(process -> !process.isAlive());
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
    TallyProcess process = running.get(name);
    if (process == null) {
      throw new IllegalArgumentException(
          "role: " + name + " (expected: one of " + running.keySet() + ")");
    }
    return process;
  }

  /** The aggregator, {@code host:port}. */
  public String address() {
    return "127.0.0.1:" + port;
  }

  /** The shards that it begins with, {@code host:port} each. */
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

  /** The links of a cluster that was started with them. */
  public ClusterLinks links() {
    if (links == null) {
      throw new IllegalStateException("links: none (expected: startWithLinks)");
    }
    return links;
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
    if (links != null) {
      links.close();
    }
  }
}
