package org.tallyring.cli;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.config.DurationText;
import org.tallyring.cli.failure.CliException;
import org.tallyring.proto.v1.Distinct;
import org.tallyring.proto.v1.FixedWindow;
import org.tallyring.proto.v1.HeavyHitters;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.Morris;
import org.tallyring.proto.v1.SlidingWindow;
import picocli.CommandLine.Option;

/** How a metric counts. What the bounds of parameters are, the cluster says. */
final class StrategyOptions {

  private static final String STRATEGIES =
      "fixed_window, sliding_window, morris, heavy_hitters or distinct";

  @Option(
      names = "--strategy",
      paramLabel = "NAME",
      description = {
        "fixed_window: exact, in buckets of minutes or --bucket, hours, days, months and all time.",
        "sliding_window: exact to the millisecond over --horizon, and exact totals.",
        "morris: about, two bytes a counter.",
        "heavy_hitters: the keys with the highest counts, in bounded memory.",
        "distinct: how many different users, about."
      })
  private @Nullable String strategy;

  @Option(
      names = "--bucket",
      paramLabel = "SPAN",
      description =
          "fixed_window: the finest bucket, which divides a minute or an hour, 1s to 1h. Default: 1m.")
  private @Nullable String bucket;

  @Option(
      names = "--horizon",
      paramLabel = "SPAN",
      description = "sliding_window: how far back, up to 1h.")
  private @Nullable String horizon;

  @Option(
      names = "--base",
      paramLabel = "N",
      description = "morris: over 1; the standard error is sqrt((N-1)/2). Default: 1.0004.")
  private @Nullable Double base;

  @Option(
      names = "--map-size",
      paramLabel = "N",
      description = "heavy_hitters: a power of two; 3/4 of it keys are held. Default: 4096.")
  private @Nullable Integer mapSize;

  @Option(
      names = "--log2-registers",
      paramLabel = "N",
      description = "distinct: 4 to 16; the standard error is 1.04/sqrt(2^N). Default: 12.")
  private @Nullable Integer log2Registers;

  /**
   * The definition of a metric.
   *
   * @throws CliException if the options do not go together
   */
  MetricDefinition definition(String name) {
    MetricDefinition.Builder metric =
        MetricDefinition.newBuilder().setName(Names.checked("name", name));
    refuseUnless("fixed_window", "--bucket", bucket);
    refuseUnless("sliding_window", "--horizon", horizon);
    refuseUnless("morris", "--base", base);
    refuseUnless("heavy_hitters", "--map-size", mapSize);
    refuseUnless("distinct", "--log2-registers", log2Registers);
    if (strategy == null) {
      return metric.build();
    }
    return switch (strategy) {
      case "fixed_window" -> metric.setFixedWindow(fixedWindow()).build();
      case "sliding_window" -> metric.setSlidingWindow(slidingWindow()).build();
      case "morris" -> metric.setMorris(morris()).build();
      case "heavy_hitters" -> metric.setHeavyHitters(heavyHitters()).build();
      case "distinct" -> metric.setDistinct(distinct()).build();
      default -> throw CliException.usage("--strategy", strategy, STRATEGIES);
    };
  }

  /** The same, where a strategy must be given. */
  MetricDefinition definitionWithStrategy(String name) {
    if (strategy == null) {
      throw CliException.usage("--strategy: missing (expected: " + STRATEGIES + ")");
    }
    return definition(name);
  }

  private FixedWindow fixedWindow() {
    return bucket == null
        ? FixedWindow.getDefaultInstance()
        : FixedWindow.newBuilder()
            .setBucketMillis(DurationText.parse("--bucket", bucket).toMillis())
            .build();
  }

  private SlidingWindow slidingWindow() {
    if (horizon == null) {
      throw CliException.usage("--horizon: missing (expected: up to 1h)");
    }
    return SlidingWindow.newBuilder()
        .setHorizonMillis(DurationText.parse("--horizon", horizon).toMillis())
        .build();
  }

  private Morris morris() {
    return base == null ? Morris.getDefaultInstance() : Morris.newBuilder().setBase(base).build();
  }

  private HeavyHitters heavyHitters() {
    return mapSize == null
        ? HeavyHitters.getDefaultInstance()
        : HeavyHitters.newBuilder().setMaxMapSize(mapSize).build();
  }

  private Distinct distinct() {
    return log2Registers == null
        ? Distinct.getDefaultInstance()
        : Distinct.newBuilder().setLog2Registers(log2Registers).build();
  }

  private void refuseUnless(String wanted, String option, @Nullable Object given) {
    if (given != null && !wanted.equals(strategy)) {
      throw CliException.usage(option + ": given (expected: only with --strategy " + wanted + ")");
    }
  }

  /** A metric's strategy with the parameters that its definition has, for example "morris 1.02". */
  static String text(MetricDefinition metric) {
    return switch (metric.getStrategyCase()) {
      case FIXED_WINDOW, STRATEGY_NOT_SET ->
          metric.getFixedWindow().hasBucketMillis()
              ? "fixed_window "
                  + DurationText.format(
                      Duration.ofMillis(metric.getFixedWindow().getBucketMillis()))
              : "fixed_window";
      case SLIDING_WINDOW ->
          "sliding_window "
              + DurationText.format(
                  Duration.ofMillis(metric.getSlidingWindow().getHorizonMillis()));
      case MORRIS ->
          metric.getMorris().hasBase() ? "morris " + metric.getMorris().getBase() : "morris";
      case HEAVY_HITTERS ->
          metric.getHeavyHitters().hasMaxMapSize()
              ? "heavy_hitters " + metric.getHeavyHitters().getMaxMapSize()
              : "heavy_hitters";
      case DISTINCT ->
          metric.getDistinct().hasLog2Registers()
              ? "distinct " + metric.getDistinct().getLog2Registers()
              : "distinct";
    };
  }

  /** The metrics of a namespace; one that does not count exactly, by the minute, says how. */
  static String text(List<MetricDefinition> metrics) {
    return String.join(
        ",",
        metrics.stream()
            .map(
                metric ->
                    text(metric).equals("fixed_window")
                        ? metric.getName()
                        : metric.getName() + " (" + text(metric) + ")")
            .toList());
  }
}
