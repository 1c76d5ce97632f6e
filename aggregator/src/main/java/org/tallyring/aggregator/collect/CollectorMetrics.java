package org.tallyring.aggregator.collect;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** What operators see of the collection. Thread-safe. */
public final class CollectorMetrics {

  /** How a call to a shard ended. */
  enum Outcome {
    /** It answered. */
    OK,
    /** It did not, or not in time. */
    FAILED
  }

  private final Map<Outcome, Timer> durations = new EnumMap<>(Outcome.class);

  /** Registers the meters. */
  public CollectorMetrics(MeterRegistry registry, Holdings holdings, InstantSource clock) {
    for (Outcome outcome : Outcome.values()) {
      durations.put(
          outcome,
          Timer.builder("tallyring.collection.duration")
              .description("Time of one collection from one shard")
              .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
    Gauge.builder("tallyring.collection.staleness", () -> stalenessSeconds(holdings, clock))
        .description("Age of the oldest publication that answers rest on; NaN while there is none")
        .baseUnit("seconds")
        .register(registry);
    Gauge.builder("tallyring.collection.ranges", () -> holdings.coverage().rangesTotal())
        .description("Ranges of the cluster")
        .register(registry);
    Gauge.builder(
            "tallyring.collection.ranges.included", () -> holdings.coverage().rangesIncluded())
        .description("Ranges whose present owner's publication is held")
        .register(registry);
  }

  private static double stalenessSeconds(Holdings holdings, InstantSource clock) {
    Coverage coverage = holdings.coverage();
    return coverage.rangesIncluded() == 0
        ? Double.NaN
        : (clock.millis() - coverage.asOfMillis()) / 1000.0;
  }

  Sample begin() {
    Timer.Sample started = Timer.start();
    return outcome -> {
      Timer timer = durations.get(outcome);
      if (timer != null) {
        started.stop(timer);
      }
    };
  }

  /** A collection being timed. */
  interface Sample {
    void end(Outcome outcome);
  }
}
