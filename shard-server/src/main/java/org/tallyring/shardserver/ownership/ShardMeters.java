package org.tallyring.shardserver.ownership;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.shardserver.engine.EventPage;
import org.tallyring.shardserver.engine.MetricAccount;
import org.tallyring.shardserver.engine.MetricTally;
import org.tallyring.shardserver.engine.ReceivedBatch;
import org.tallyring.shardserver.ownership.RangeAccounts.Balance;

/**
 * What operators see of a shard. Several shards may share a registry: each meter has the shard's id
 * as a tag. No meter has a key as a tag. Thread-safe.
 *
 * <p>Counters say what this process did, gauges what it holds.
 */
public final class ShardMeters {

  /** A number that each metric has. */
  private record Figure<T>(String name, String description, ToLongFunction<T> of) {}

  private static final List<Figure<MetricTally>> COUNTED =
      List.of(
          new Figure<>("tallyring.metric.hits", "Increments applied", MetricTally::hits),
          new Figure<>(
              "tallyring.metric.pruned.entries",
              "Hits dropped behind the horizon, and keys that were no heavy hitters",
              MetricTally::pruned),
          new Figure<>(
              "tallyring.late.increments",
              "Increments that came after their hour was final",
              MetricTally::lateIncrements),
          new Figure<>(
              "tallyring.beyond.retention.increments",
              "Increments that were too old for some bucket",
              MetricTally::beyondRetention));

  private static final List<Figure<MetricAccount>> HELD =
      List.of(
          new Figure<>(
              "tallyring.metric.keys",
              "Keys with a count over all time",
              account -> account.stats().keys()),
          new Figure<>(
              "tallyring.metric.entries",
              "Counts in buckets, and hits of a sliding window",
              account -> account.stats().entries()),
          new Figure<>(
              "tallyring.metric.bytes",
              "What counts and hits take in memory, about, without the keys",
              account -> account.stats().bytes()));

  /** In these a range can be seen; of the others it is let go at once. */
  private static final List<RangeState> STATES =
      List.of(
          RangeState.FOLLOWING, RangeState.RECOVERING, RangeState.SERVING, RangeState.HANDING_OFF);

  /** Upper bounds of the histograms of appends and hand-offs. */
  private static final Duration[] APPEND_BOUNDS =
      Stream.of(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)
          .map(Duration::ofMillis)
          .toArray(Duration[]::new);

  private record Named(String namespace, String metric) {
    static Named of(MetricAccount account) {
      return new Named(account.namespace(), account.metric());
    }

    Tags tags() {
      return Tags.of("namespace", namespace, "metric", metric);
    }
  }

  private final MeterRegistry registry;
  private final Tags shard;
  private final Counter applied;
  private final Counter duplicate;
  private final Counter inDoubt;
  private final Counter lostRanges;
  private final Counter missedEvents;
  private final Counter mismatches;
  private final Timer appends;
  private final Timer handOffs;
  private final Timer storedSnapshots;
  private final Timer failedSnapshots;
  private final Map<Named, List<Counter>> counted = new ConcurrentHashMap<>();
  private final Map<Figure<MetricAccount>, MultiGauge> held = new LinkedHashMap<>();
  private final MultiGauge strategies;
  private volatile long keys;

  /** Registers the meters of a shard. */
  public ShardMeters(MeterRegistry registry, String shardId) {
    this.registry = registry;
    shard = Tags.of("shard", shardId);
    applied = counter("tallyring.increments", "Increments applied", Tags.empty());
    duplicate =
        counter(
            "tallyring.duplicate.increments",
            "Increments that had counted already and did not count again",
            Tags.empty());
    inDoubt =
        counter(
            "tallyring.in.doubt.increments",
            "Increments in flight when their range was lost",
            Tags.empty());
    lostRanges = counter("tallyring.lost.ranges", "Ranges lost, or not taken", Tags.empty());
    missedEvents =
        counter(
            "tallyring.missed.events", "Events that watchers were told they missed", Tags.empty());
    mismatches =
        counter(
            "tallyring.verify.mismatch",
            "Differences that verifications found between states and their journals",
            Tags.empty());
    appends =
        Timer.builder("tallyring.journal.append.duration")
            .description("Time until the ack quorum had an entry on stable storage")
            .tags(shard)
            .serviceLevelObjectives(APPEND_BOUNDS)
            .register(registry);
    handOffs =
        Timer.builder("tallyring.handoff.pause")
            .description("Time in which nobody served a range that was handed off to this shard")
            .tags(shard)
            .serviceLevelObjectives(APPEND_BOUNDS)
            .register(registry);
    storedSnapshots = snapshots("stored");
    failedSnapshots = snapshots("failed");
    for (Figure<MetricAccount> figure : HELD) {
      held.put(figure, multiGauge(figure.name(), figure.description()));
    }
    strategies =
        multiGauge("tallyring.metric.strategy", "1 for the strategy that a metric counts by");
    Gauge.builder("tallyring.keys", () -> keys)
        .description("Distinct keys of all namespaces")
        .tags(shard)
        .register(registry);
  }

  private Counter counter(String name, String description, Tags tags) {
    return Counter.builder(name).description(description).tags(shard.and(tags)).register(registry);
  }

  private Timer snapshots(String outcome) {
    return Timer.builder("tallyring.snapshot.duration")
        .description("Time to store a snapshot of a range")
        .tags(shard.and("outcome", outcome))
        .register(registry);
  }

  private MultiGauge multiGauge(String name, String description) {
    return MultiGauge.builder(name).description(description).tags(shard).register(registry);
  }

  /** Shows how many ranges are in each state. */
  void ranges(ToIntFunction<RangeState> inState) {
    for (RangeState state : STATES) {
      Gauge.builder("tallyring.ranges", () -> inState.applyAsInt(state))
          .description("Ranges held")
          .tags(shard.and("state", state.name().toLowerCase(Locale.ROOT)))
          .register(registry);
    }
  }

  /** A submission whose answer is counted before it is heard. */
  Submission counting(Submission submission) {
    return new Submission(
        submission.sessionId(),
        submission.batch(),
        submission.namespace(),
        answer -> {
          answered(submission.batch(), answer);
          submission.reply().accept(answer);
        });
  }

  private void answered(ReceivedBatch batch, RecordStreamResponse answer) {
    long increments = batch.increments();
    switch (answer.getOutcome()) {
      case OUTCOME_APPLIED -> {
        applied.increment(increments - answer.getDuplicateRowsCount());
        duplicate.increment(answer.getDuplicateRowsCount());
      }
      case OUTCOME_DUPLICATE -> duplicate.increment(increments);
      case OUTCOME_IN_DOUBT -> inDoubt.increment(increments);
      default -> {
        String reason = Errors.reasonOf(answer.getError()).name();
        counter(
                "tallyring.refused.increments",
                "Increments of batches that were refused",
                Tags.of("reason", reason.substring("ERROR_REASON_".length())))
            .increment(increments);
      }
    }
  }

  /** Begins to time something. */
  Timer.Sample begin() {
    return Timer.start(registry);
  }

  /** An entry is durable. */
  void appended(Timer.Sample since) {
    since.stop(appends);
  }

  /** The time that {@link #handedOff} counts from. */
  long nanos() {
    return registry.config().clock().monotonicTime();
  }

  /**
   * A range that was handed off is served again; returns for how many milliseconds it was not.
   *
   * @param stoppedMillis for how long it was not when the owner before said so
   * @param saidNanos when that was
   */
  long handedOff(long stoppedMillis, long saidNanos) {
    long millis = stoppedMillis + TimeUnit.NANOSECONDS.toMillis(nanos() - saidNanos);
    handOffs.record(millis, TimeUnit.MILLISECONDS);
    return millis;
  }

  /** A snapshot is stored, or is not. */
  void snapshotted(Timer.Sample since, boolean stored) {
    since.stop(stored ? storedSnapshots : failedSnapshots);
  }

  /** A range was lost, or could not be opened. */
  void lost() {
    lostRanges.increment();
  }

  /** A verification found so many differences. */
  void mismatches(long count) {
    mismatches.increment(count);
  }

  /** A watcher is handed a page. */
  void handedOver(EventPage page) {
    missedEvents.increment(page.missed() + page.missedHits());
  }

  /**
   * A metric counted something in some range.
   *
   * @param before what it had counted there when it was told last; null for nothing
   */
  void grew(@Nullable MetricTally before, MetricTally now) {
    List<Counter> counters =
        counted.computeIfAbsent(
            new Named(now.namespace(), now.metric()),
            named ->
                COUNTED.stream()
                    .map(figure -> counter(figure.name(), figure.description(), named.tags()))
                    .toList());
    for (int i = 0; i < counters.size(); i++) {
      ToLongFunction<MetricTally> figure = COUNTED.get(i).of();
      long growth = figure.applyAsLong(now) - (before == null ? 0 : figure.applyAsLong(before));
      counters.get(i).increment(growth);
    }
  }

  /**
   * Shows what the ranges hold.
   *
   * @param balances of all ranges that serve
   * @param namespaces those that exist; nothing is shown of others any more
   */
  void hold(Collection<Balance> balances, Set<String> namespaces) {
    List<MetricAccount> accounts =
        balances.stream()
            .flatMap(balance -> balance.metrics().stream())
            .filter(account -> namespaces.contains(account.namespace()))
            .toList();
    keys = balances.stream().mapToLong(Balance::keys).sum();
    held.forEach(
        (figure, gauge) -> {
          Map<Named, Long> sums = new LinkedHashMap<>();
          accounts.forEach(
              account ->
                  sums.merge(Named.of(account), figure.of().applyAsLong(account), Long::sum));
          gauge.register(
              sums.entrySet().stream()
                  .<Row<?>>map(sum -> Row.of(sum.getKey().tags(), sum.getValue()))
                  .toList(),
              true);
        });
    strategies.register(
        accounts.stream()
            .map(account -> Named.of(account).tags().and("strategy", account.strategy()))
            .distinct()
            .<Row<?>>map(tags -> Row.of(tags, 1))
            .toList(),
        true);
    counted.forEach(
        (named, counters) -> {
          if (!namespaces.contains(named.namespace())) {
            counted.remove(named);
            counters.forEach(registry::remove);
          }
        });
  }
}
