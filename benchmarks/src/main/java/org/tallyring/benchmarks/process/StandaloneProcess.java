package org.tallyring.benchmarks.process;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tallyring.benchmarks.load.MetricsPages;
import org.tallyring.benchmarks.load.ServerFigures;

/** A fresh {@code tally standalone}. */
public final class StandaloneProcess implements AutoCloseable, Supplier<ServerFigures> {

  /** From the aggregator's port to ZooKeeper's. */
  private static final int LAST_PORT_OFFSET = 20;

  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  private final ServerProcess process;
  private final String address;
  private final MetricsPages metrics;

  private StandaloneProcess(ServerProcess process, String address) {
    this.process = process;
    this.address = address;
    metrics = new MetricsPages(List.of(URI.create("http://" + address + "/metrics")));
  }

  /**
   * How to start one.
   *
   * @param jar the program, with the libraries that its manifest names beside it
   * @param heap its largest heap, as {@code -Xmx} takes it
   * @param javaOptions further options of its virtual machine
   * @param shards how many shards
   * @param ranges into how many ranges its keys are cut
   * @param parent where to make its directory; null for where temporary files are
   */
  public record Settings(
      Path jar,
      String heap,
      List<String> javaOptions,
      int shards,
      int ranges,
      @Nullable Path parent) {

    /** Keeps a copy of the list. */
    public Settings {
      javaOptions = List.copyOf(javaOptions);
      if (!heap.matches("[1-9][0-9]*[kmgKMG]?")) {
        throw new IllegalArgumentException("heap: " + heap + " (expected: a size, for example 4g)");
      }
    }
  }

  /**
   * Starts one and waits until it is ready.
   *
   * @throws IOException if it does not start
   */
  public static StandaloneProcess start(Settings settings)
      throws IOException, InterruptedException {
    int port = FreePorts.find(LAST_PORT_OFFSET);
    Path directory = ServerProcess.directory(settings.parent());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + settings.heap());
    command.add("-XX:+ExitOnOutOfMemoryError");
    command.addAll(HugePages.javaOptions());
    command.addAll(settings.javaOptions());
    command.addAll(List.of("-jar", settings.jar().toString(), "standalone"));
    command.addAll(List.of("--data", directory.resolve("data").toString()));
    command.addAll(List.of("--shards", Integer.toString(settings.shards())));
    command.addAll(List.of("--ranges", Integer.toString(settings.ranges())));
    command.addAll(List.of("--port", Integer.toString(port)));
    return new StandaloneProcess(
        ServerProcess.start(command, directory, "tallyring is ready: ", START_LIMIT),
        "127.0.0.1:" + port);
  }

  /** Its aggregator, {@code host:port}. */
  public String address() {
    return address;
  }

  /** The process's CPU time by the system's account, and what its page for Prometheus shows. */
  @Override
  public ServerFigures get() {
    ServerFigures told = metrics.get();
    return new ServerFigures(process.cpuNanos(), told.receivedBytes(), told.journalBytes());
  }

  @Override
  public void close() {
    process.close();
  }
}
