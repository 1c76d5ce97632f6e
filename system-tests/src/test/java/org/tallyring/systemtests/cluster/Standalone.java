package org.tallyring.systemtests.cluster;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.tallyring.systemtests.driver.ClusterApi;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.process.Ports;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.systemtests.process.TallyProcess;

/** A whole cluster in one process, which can be killed and started again on the same data. */
public final class Standalone implements AutoCloseable {

  private static final int SHARDS = 3;
  private static final Duration START = Duration.ofSeconds(60);

  private final Processes processes;
  private final Path data;
  private final int port;
  private final ClusterApi api;
  private TallyProcess process;

  private Standalone(Processes processes) {
    this.processes = processes;
    data = processes.directory().resolve("data");
    // The aggregator, three shards, and the embedded ZooKeeper at 20.
    port = Ports.base(0, 1, 2, 3, 20);
    api = new ClusterApi(address());
    process = launch();
  }

  /** Starts one in an empty directory and waits until it is ready. */
  public static Standalone start(Processes processes) {
    Standalone standalone = new Standalone(processes);
    standalone.awaitReady();
    return standalone;
  }

  /** Starts it again on what the last one left behind, and waits until it is ready. */
  public void restart() {
    process = launch();
    awaitReady();
  }

  private TallyProcess launch() {
    return processes.start(
        "standalone",
        List.of("-Xmx512m"),
        List.of(
            "standalone",
            "--data",
            data.toString(),
            "--shards",
            Integer.toString(SHARDS),
            "--port",
            Integer.toString(port)));
  }

  private void awaitReady() {
    process.awaitOutput("tallyring is ready: http://127.0.0.1:" + port, START);
  }

  /** The one process. */
  public TallyProcess process() {
    return process;
  }

  /** The aggregator, {@code host:port}. */
  public String address() {
    return "127.0.0.1:" + port;
  }

  /** A shard, {@code host:port}; the first is 1. */
  public String shardAddress(int number) {
    return "127.0.0.1:" + (port + number);
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
