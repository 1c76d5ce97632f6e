package org.tallyring.shardserver.engine.strategy;

import org.jspecify.annotations.Nullable;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.topology.window.BucketWidth;

/**
 * How a metric counts, with its parameters. The one place that knows their bounds and what is taken
 * where a definition leaves one out.
 */
public sealed interface Strategy {

  /**
   * Exact counts in buckets; also what a definition without a strategy means.
   *
   * @param bucket how long the finest are
   */
  record FixedWindow(BucketWidth bucket) implements Strategy {

    /** In minutes. */
    public FixedWindow() {
      this(BucketWidth.MINUTE);
    }
  }

  /**
   * Every hit's millisecond over a horizon, and exact totals.
   *
   * @param horizonMillis 1 to {@value HitLog#MAX_HORIZON_MILLIS}
   */
  record SlidingWindow(long horizonMillis) implements Strategy {}

  /**
   * Morris's approximate counters in buckets.
   *
   * @param base {@value MorrisScale#MIN_BASE} to {@value MorrisScale#MAX_BASE}
   */
  record Morris(double base) implements Strategy {}

  /**
   * The keys with the highest counts only, in buckets.
   *
   * @param mapSize a power of two, {@value FrequentKeys#MIN_MAP_SIZE} to {@value
   *     FrequentKeys#MAX_MAP_SIZE}
   */
  record HeavyHitters(int mapSize) implements Strategy {}

  /**
   * The numbers of different users, in buckets.
   *
   * @param log2Registers {@value UserSketch#MIN_LOG2_REGISTERS} to {@value
   *     UserSketch#MAX_LOG2_REGISTERS}
   */
  record Distinct(int log2Registers) implements Strategy {}

  /** The strategy of a definition without {@link #violation}. */
  static Strategy of(MetricDefinition metric) {
    return switch (metric.getStrategyCase()) {
      case FIXED_WINDOW, STRATEGY_NOT_SET -> new FixedWindow(Namespaces.bucketWidth(metric));
      case SLIDING_WINDOW -> new SlidingWindow(metric.getSlidingWindow().getHorizonMillis());
      case MORRIS ->
          new Morris(
              metric.getMorris().hasBase()
                  ? metric.getMorris().getBase()
                  : MorrisScale.DEFAULT_BASE);
      case HEAVY_HITTERS ->
          new HeavyHitters(
              metric.getHeavyHitters().hasMaxMapSize()
                  ? metric.getHeavyHitters().getMaxMapSize()
                  : FrequentKeys.DEFAULT_MAP_SIZE);
      case DISTINCT ->
          new Distinct(
              metric.getDistinct().hasLog2Registers()
                  ? metric.getDistinct().getLog2Registers()
                  : UserSketch.DEFAULT_LOG2_REGISTERS);
    };
  }

  /** What is wrong with a definition's strategy, {@code name: value (expected: rule)}, or null. */
  static @Nullable String violation(MetricDefinition metric) {
    if (metric.getFixedWindow().hasBucketMillis()) {
      long bucket = metric.getFixedWindow().getBucketMillis();
      return BucketWidth.isChoice(bucket)
          ? null
          : bad("fixed_window.bucket_millis", bucket, BucketWidth.RULE);
    }
    Strategy strategy = of(metric);
    if (strategy instanceof SlidingWindow sliding) {
      long horizon = sliding.horizonMillis;
      return horizon >= 1 && horizon <= HitLog.MAX_HORIZON_MILLIS
          ? null
          : bad("sliding_window.horizon_millis", horizon, "1.." + HitLog.MAX_HORIZON_MILLIS);
    }
    if (strategy instanceof Morris morris) {
      // Written so that what is not a number is refused, too.
      return morris.base >= MorrisScale.MIN_BASE && morris.base <= MorrisScale.MAX_BASE
          ? null
          : bad(
              "morris.base",
              morris.base,
              "over 1: " + MorrisScale.MIN_BASE + ".." + MorrisScale.MAX_BASE);
    }
    if (strategy instanceof HeavyHitters hitters) {
      int size = hitters.mapSize;
      return Integer.bitCount(size) == 1
              && size >= FrequentKeys.MIN_MAP_SIZE
              && size <= FrequentKeys.MAX_MAP_SIZE
          ? null
          : bad(
              "heavy_hitters.max_map_size",
              Integer.toUnsignedString(size),
              "a power of two, " + FrequentKeys.MIN_MAP_SIZE + ".." + FrequentKeys.MAX_MAP_SIZE);
    }
    if (strategy instanceof Distinct distinct) {
      int log2 = distinct.log2Registers;
      return log2 >= UserSketch.MIN_LOG2_REGISTERS && log2 <= UserSketch.MAX_LOG2_REGISTERS
          ? null
          : bad(
              "distinct.log2_registers",
              Integer.toUnsignedString(log2),
              UserSketch.MIN_LOG2_REGISTERS + ".." + UserSketch.MAX_LOG2_REGISTERS);
    }
    return null;
  }

  private static String bad(String field, Object value, String rule) {
    return field + ": " + value + " (expected: " + rule + ")";
  }

  /** Its name, as the command writes it. */
  default String name() {
    if (this instanceof SlidingWindow) {
      return "sliding_window";
    } else if (this instanceof Morris) {
      return "morris";
    } else if (this instanceof HeavyHitters) {
      return "heavy_hitters";
    }
    return this instanceof Distinct ? "distinct" : "fixed_window";
  }

  /** How long the finest buckets are that it can be asked for. */
  default BucketWidth bucketWidth() {
    if (this instanceof SlidingWindow) {
      return BucketWidth.MILLISECOND;
    }
    return this instanceof FixedWindow fixed ? fixed.bucket : BucketWidth.MINUTE;
  }

  /** Whether an increment is refused unless its delta is positive. */
  default boolean needsPositiveDeltas() {
    return this instanceof Morris || this instanceof HeavyHitters || this instanceof Distinct;
  }

  /** Whether an increment is refused unless it has a user. */
  default boolean needsUser() {
    return this instanceof Distinct;
  }

  /** The relative standard error of its counts; 0 if they have none. */
  default double standardError() {
    if (this instanceof Morris morris) {
      return new MorrisScale(morris.base).standardError();
    }
    return this instanceof Distinct distinct ? UserSketch.standardError(distinct.log2Registers) : 0;
  }
}
