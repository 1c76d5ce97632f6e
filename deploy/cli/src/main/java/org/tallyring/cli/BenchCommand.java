package org.tallyring.cli;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tallyring.benchmarks.load.LoadReport;
import org.tallyring.benchmarks.load.MetricsPages;
import org.tallyring.benchmarks.load.ServerFigures;
import org.tallyring.benchmarks.load.TallyringLoad;
import org.tallyring.benchmarks.load.Verification;
import org.tallyring.benchmarks.process.StandaloneProcess;
import org.tallyring.cli.config.HostPort;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.client.TallyringException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "bench",
    sortOptions = false,
    description = {
      "Loads a cluster with increments and shows how fast it takes them, and at what cost.",
      "Without --server it starts a fresh cluster in a process of its own, and ends it afterwards.",
      "Latency is measured from when an increment was due, so a stall costs what it costs."
    },
    footer = {
      "",
      "Examples:",
      "  tally bench",
      "  tally bench --rate 500000 --readers 2 --read-rate 100 --visibility",
      "  tally bench --unary --connections 50 --depth 1",
      "  tally bench --fill --verify --output json",
      "  tally bench --server 127.0.0.1:7070 --metrics-url http://127.0.0.1:7070/metrics"
    })
final class BenchCommand implements Callable<Integer> {

  private final Console console;

  @Option(
      names = "--server",
      paramLabel = "HOST:PORT",
      description = "The aggregator of a running cluster. Without it: a fresh standalone cluster.")
  private @Nullable String server;

  @Option(
      names = "--metrics-url",
      paramLabel = "URL",
      description = {
        "A page for Prometheus of the running cluster, one for each of its processes.",
        "What servers use is known only from these."
      })
  private List<URI> metricsUrls = new ArrayList<>();

  @Mixin private BenchClusterOptions own = new BenchClusterOptions();
  @Mixin private BenchOptions options = new BenchOptions();

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text, or json: one object on one line. Default: ${DEFAULT-VALUE}.")
  private BenchFormat format = BenchFormat.TEXT;

  BenchCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    LoadReport report;
    try {
      report = server == null ? runOnFreshCluster() : runOn(HostPort.parse("--server", server));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CliException.failed("interrupted", e);
    } catch (TallyringException | IllegalStateException e) {
      throw CliException.failed(String.valueOf(e.getMessage()), e);
    }
    new BenchPrinter(console.out(), format).print(report, options.metrics());
    return exitCode(report);
  }

  private LoadReport runOnFreshCluster() throws InterruptedException {
    if (!metricsUrls.isEmpty()) {
      throw CliException.usage("--metrics-url: without --server (expected: both)");
    }
    // Before the cluster is started: what is wrong is told at once.
    options.load("127.0.0.1:0");
    try (StandaloneProcess cluster = StandaloneProcess.start(own.settings())) {
      return run(HostPort.parse("cluster", cluster.address()), cluster);
    } catch (IOException e) {
      throw CliException.failed(String.valueOf(e.getMessage()), e);
    }
  }

  private LoadReport runOn(HostPort address) throws InterruptedException {
    own.refuse();
    for (URI url : metricsUrls) {
      if (!"http".equals(url.getScheme()) || url.getHost() == null) {
        throw CliException.usage("--metrics-url", url, "http://HOST:PORT/metrics");
      }
    }
    return run(address, new MetricsPages(metricsUrls));
  }

  private LoadReport run(HostPort address, Supplier<ServerFigures> accounts)
      throws InterruptedException {
    TallyringLoad load = options.load(address.toString());
    try (ServerConnection connection = ServerConnection.to(address)) {
      BenchNamespace.ensure(connection, options.namespace(), options.allMetrics(), console::note);
    }
    try (BenchProgress progress = new BenchProgress(console.terminal().err(), System.err)) {
      return load.run(accounts, progress);
    }
  }

  private int exitCode(LoadReport report) {
    if (report.acknowledged() == 0) {
      console.note("nothing was acknowledged: " + report.errors());
      return ExitCode.FAILED;
    }
    Verification verification = report.verification();
    if (verification == null || verification.differing() == 0) {
      return ExitCode.DONE;
    }
    console.note(
        verification.differing() + " of " + verification.keys() + " counts differ, first:");
    for (Verification.Difference difference : verification.first()) {
      console.note(
          options.metrics().get(difference.metric())
              + "["
              + difference.key()
              + "]: "
              + difference.counted()
              + " (expected: "
              + difference.atLeast()
              + (difference.atMost() == difference.atLeast() ? "" : " to " + difference.atMost())
              + ")");
    }
    return ExitCode.FAILED;
  }
}
