package org.tallyring.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tallyring.benchmarks.load.Destination;
import org.tallyring.benchmarks.load.LoadPlan;
import org.tallyring.benchmarks.load.ReadPlan;
import org.tallyring.benchmarks.load.TallyringLoad;
import org.tallyring.benchmarks.load.VisibilityProbe;
import org.tallyring.cli.failure.CliException;
import picocli.CommandLine.Option;

/** What a load consists of. */
final class BenchOptions {

  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      defaultValue = "bench",
      description = "The namespace, made if it is missing. Default: ${DEFAULT-VALUE}.")
  private String namespace = "bench";

  @Option(
      names = "--metrics",
      paramLabel = "NAME,…",
      split = ",",
      defaultValue = "clicks",
      description = {
        "The metrics among which increments take turns, made if they are missing. Default:"
            + " ${DEFAULT-VALUE}."
      })
  private List<String> metrics = List.of("clicks");

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "0",
      description = {
        "Increments a second, sent when they are due whatever became of those before.",
        "0 is as fast as the cluster takes them. Default: ${DEFAULT-VALUE}."
      })
  private double rate;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "10",
      description = "How long to measure. Default: ${DEFAULT-VALUE}.")
  private int seconds = 10;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "5",
      description = "How many seconds to send before that. Default: ${DEFAULT-VALUE}.")
  private int warmUp = 5;

  @Option(
      names = "--keys",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "How many different keys, of 16 bytes each. Default: ${DEFAULT-VALUE}.")
  private int keys = 1_000_000;

  @Option(
      names = "--skew",
      paramLabel = "S",
      defaultValue = "1.0",
      description = "Zipf's exponent; 0 is all keys alike. Default: ${DEFAULT-VALUE}.")
  private double skew = 1.0;

  @Option(names = "--fill", description = "Count every key once beforehand.")
  private boolean fill;

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "1",
      description = "How many clients, or connections of --unary. Default: ${DEFAULT-VALUE}.")
  private int connections = 1;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "How many threads send. Default: ${DEFAULT-VALUE}.")
  private int threads = 1;

  @Option(
      names = "--unary",
      description = "One increment a call, without the client library and its batches.")
  private boolean unary;

  @Option(
      names = "--depth",
      paramLabel = "N",
      description = "How many calls each connection of --unary has under way. Default: 1.")
  private @Nullable Integer depth;

  @Option(
      names = "--sampling",
      paramLabel = "N",
      defaultValue = "500",
      description = {
        "Of how many increments one has its latency noted; a call of --unary always has.",
        "Default: ${DEFAULT-VALUE}."
      })
  private int sampling = 500;

  @Option(
      names = "--readers",
      paramLabel = "N",
      defaultValue = "0",
      description = "How many threads read the top K meanwhile. Default: ${DEFAULT-VALUE}.")
  private int readers;

  @Option(
      names = "--read-rate",
      paramLabel = "N",
      defaultValue = "0",
      description = {
        "Readings a second of all of them, each when it is due; 0 is as fast as it goes.",
        "Default: ${DEFAULT-VALUE}."
      })
  private double readRate;

  @Option(
      names = {"-k", "--k"},
      paramLabel = "K",
      defaultValue = "100",
      description = "How many rows they read. Default: ${DEFAULT-VALUE}.")
  private int k = 100;

  @Option(
      names = "--visibility",
      description = "Measure how soon the top K shows what was acknowledged.")
  private boolean visibility;

  @Option(
      names = "--verify",
      description = {
        "Compare every key's count with what was sent; nobody else may count in the namespace"
            + " meanwhile.",
        "Ends with 1 if any differs."
      })
  private boolean verify;

  /** The namespace. */
  String namespace() {
    return Names.checked("--namespace", namespace);
  }

  /** The metrics that the load counts in. */
  List<String> metrics() {
    metrics.forEach(metric -> Names.checked("--metrics", metric));
    return metrics;
  }

  /** All metrics that have to be there. */
  List<String> allMetrics() {
    List<String> all = new ArrayList<>(metrics());
    if (visibility) {
      all.add(VisibilityProbe.METRIC);
    }
    return all;
  }

  /**
   * The load.
   *
   * @param server where it goes
   * @throws CliException if an option is out of bounds
   */
  TallyringLoad load(String server) {
    if (depth != null && !unary) {
      throw CliException.usage("--depth: without --unary (expected: both)");
    }
    int callsUnderWay = depth == null ? 1 : depth;
    if (callsUnderWay < 1) {
      throw CliException.usage("--depth", callsUnderWay, "at least 1");
    }
    try {
      return new TallyringLoad(
          new LoadPlan(
              rate,
              Duration.ofSeconds(warmUp),
              Duration.ofSeconds(seconds),
              keys,
              skew,
              metrics().size(),
              threads,
              fill,
              sampling),
          new Destination(server, namespace(), metrics(), connections, unary ? callsUnderWay : 0),
          new ReadPlan(readers, readRate, k),
          visibility,
          verify);
    } catch (IllegalArgumentException e) {
      throw CliException.usage("--" + e.getMessage());
    }
  }
}
