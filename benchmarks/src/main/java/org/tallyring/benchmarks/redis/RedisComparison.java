package org.tallyring.benchmarks.redis;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tallyring.benchmarks.load.Clock;
import org.tallyring.benchmarks.load.Destination;
import org.tallyring.benchmarks.load.LoadPlan;
import org.tallyring.benchmarks.load.LoadReport;
import org.tallyring.benchmarks.load.LoadRun;
import org.tallyring.benchmarks.load.LoadWatcher;
import org.tallyring.benchmarks.load.Outcomes;
import org.tallyring.benchmarks.load.ReadPlan;
import org.tallyring.benchmarks.load.TallyringLoad;
import org.tallyring.benchmarks.process.StandaloneProcess;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The same load into Tallyring and into Redis, in turn: A, B, A, B. */
@Command(
    name = "compare",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = {
      "Sends the same increments to Tallyring and to Redis, in turn, and shows both and the ratio.",
      "Each turn starts a fresh server with every key counted once, and ends it."
    })
public final class RedisComparison implements Callable<Integer> {

  /** Enough under way that neither the network nor the disk is waited for. */
  private static final int PIPELINE_DEPTH = 1_000;

  private static final int SAMPLING = 100;

  @Option(
      names = "--tally-jar",
      required = true,
      paramLabel = "FILE",
      description = "tally.jar, with its lib/ beside it.")
  private Path tallyJar = Path.of("tally.jar");

  @Option(
      names = "--redis-server",
      paramLabel = "PROGRAM",
      defaultValue = "redis-server",
      description = "Default: ${DEFAULT-VALUE}.")
  private String redisServer = "redis-server";

  @Option(
      names = "--scenarios",
      paramLabel = "NAME,…",
      split = ",",
      defaultValue =
          "pipelined_everysec,pipelined_always,idempotent_always,unary_everysec,unary_always",
      description = "Of ${COMPLETION-CANDIDATES}. Default: all.")
  private List<Scenario> scenarios = List.of(Scenario.values());

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "2",
      description = "How often both have their turn. Default: ${DEFAULT-VALUE}.")
  private int rounds = 2;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "10",
      description = "How long to measure. Default: ${DEFAULT-VALUE}.")
  private int seconds = 10;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "10",
      description = "How many seconds to send before that. Default: ${DEFAULT-VALUE}.")
  private int warmUp = 10;

  @Option(
      names = "--keys",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "How many different keys. Default: ${DEFAULT-VALUE}.")
  private int keys = 1_000_000;

  @Option(
      names = "--skew",
      paramLabel = "S",
      defaultValue = "1.0",
      description = "Zipf's exponent. Default: ${DEFAULT-VALUE}.")
  private double skew = 1.0;

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "50",
      description = "How many connections the unary scenarios have. Default: ${DEFAULT-VALUE}.")
  private int connections = 50;

  @Option(
      names = "--heap",
      paramLabel = "SIZE",
      defaultValue = "4g",
      description = "The heap of the cluster. Default: ${DEFAULT-VALUE}.")
  private String heap = "4g";

  @Option(
      names = "--shards",
      paramLabel = "N",
      defaultValue = "3",
      description = "How many shards the cluster has. Default: ${DEFAULT-VALUE}.")
  private int shards = 3;

  @Option(
      names = "--ranges",
      paramLabel = "N",
      defaultValue = "64",
      description = "Into how many ranges its keys are cut. Default: ${DEFAULT-VALUE}.")
  private int ranges = 64;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Where both keep their data. Default: where temporary files are.")
  private @Nullable Path data;

  private final PrintStream out = System.out;

  /** Runs it. */
  public static void main(String[] arguments) {
    System.exit(
        new CommandLine(new RedisComparison())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .execute(arguments));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    for (Scenario scenario : scenarios) {
      List<LoadReport> ours = new ArrayList<>();
      List<LoadReport> theirs = new ArrayList<>();
      for (int round = 1; round <= rounds; round++) {
        ours.add(show(scenario, round, "tallyring", tallyring(scenario)));
        theirs.add(show(scenario, round, "redis", redis(scenario)));
      }
      out.printf(
          Locale.ROOT,
          "%-19s tallyring / redis: %.2f (%,.0f / %,.0f increments/s, means of %d)%n%n",
          name(scenario),
          mean(ours) / mean(theirs),
          mean(ours),
          mean(theirs),
          rounds);
    }
    return 0;
  }

  private LoadReport tallyring(Scenario scenario) throws IOException, InterruptedException {
    StandaloneProcess.Settings settings =
        new StandaloneProcess.Settings(
            tallyJar.toAbsolutePath(), heap, List.of(), shards, ranges, data);
    try (StandaloneProcess cluster = StandaloneProcess.start(settings)) {
      Destination destination =
          new Destination(
              cluster.address(),
              "default",
              List.of("clicks"),
              scenario.isUnary() ? connections : 1,
              scenario.isUnary() ? 1 : 0);
      return new TallyringLoad(plan(true), destination, new ReadPlan(0, 0, 1), false, false)
          .run(cluster, LoadWatcher.NONE);
    }
  }

  private LoadReport redis(Scenario scenario) throws IOException, InterruptedException {
    Outcomes outcomes = new Outcomes();
    try (RedisServer server = RedisServer.start(redisServer, scenario.fsync(), keys, data);
        RedisTarget target =
            RedisTarget.open(
                server,
                scenario.recipe(),
                keys,
                scenario.isUnary() ? connections : 1,
                scenario.isUnary() ? 1 : PIPELINE_DEPTH,
                outcomes)) {
      return new LoadRun(plan(false), target, outcomes, Clock.SYSTEM, LoadWatcher.NONE).run();
    }
  }

  /** Redis is filled by a way of its own, with many members a call. */
  private LoadPlan plan(boolean fill) {
    return new LoadPlan(
        0,
        Duration.ofSeconds(warmUp),
        Duration.ofSeconds(seconds),
        keys,
        skew,
        1,
        1,
        fill,
        SAMPLING);
  }

  private LoadReport show(Scenario scenario, int round, String system, LoadReport report) {
    out.printf(
        Locale.ROOT,
        "%-19s round %d %-10s %,10.0f increments/s, server CPU %s ns, driver CPU %s ns, ack p50"
            + " %s ms, p99 %s ms%s%n",
        name(scenario),
        round,
        system,
        report.incrementsPerSecond(),
        figure(report.serverCpuNanos()),
        figure(report.driverCpuNanos()),
        figure(report.ackP50Millis()),
        figure(report.ackP99Millis()),
        report.errors().isEmpty() ? "" : ", errors " + report.errors());
    return report;
  }

  private static String name(Scenario scenario) {
    return scenario.name().toLowerCase(Locale.ROOT);
  }

  private static String figure(@Nullable Double value) {
    return value == null ? "unknown" : String.format(Locale.ROOT, "%,.1f", value);
  }

  private static double mean(List<LoadReport> reports) {
    return reports.stream()
        .mapToDouble(LoadReport::incrementsPerSecond)
        .average()
        .orElse(Double.NaN);
  }
}
