package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.shardserver.coordination.ConflictException;
import org.tallyring.shardserver.coordination.NamespaceStore;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.shardserver.engine.strategy.Strategy;
import org.tallyring.topology.name.NameRules;

/**
 * Changes namespace definitions: read, check, compare-and-set, and from the start again when
 * another change came between.
 */
final class NamespaceEditor {

  private static final String DEFAULT_METRIC = "clicks";
  private static final int MAX_METRICS = 64;
  private static final long HOUR_MILLIS = 3_600_000L;
  private static final long MAX_LATENESS_MILLIS = 24 * HOUR_MILLIS;
  private static final long MIN_RETENTION_MILLIS = HOUR_MILLIS;

  /** 100 years of 365 days. */
  private static final long MAX_RETENTION_MILLIS = 100 * 365 * 24 * HOUR_MILLIS;

  private static final long MIN_EVENT_ID_HORIZON_MILLIS = 60_000L;
  private static final long MAX_EVENT_ID_HORIZON_MILLIS = 48 * HOUR_MILLIS;

  private final NamespaceStore store;
  private final Random random = new SecureRandom();

  NamespaceEditor(NamespaceStore store) {
    this.store = store;
  }

  /** Stores a new namespace, or answers with the stored one if it was created the same before. */
  CompletableFuture<NamespaceDefinition> create(NamespaceDefinition wanted) {
    checkName("namespace.name", wanted.getName());
    NamespaceDefinition.Builder definition =
        wanted.toBuilder()
            .setUid(random.nextLong(Long.MAX_VALUE) + 1)
            .setRevision(1)
            .clearReplacesUid();
    if (definition.getMetricsCount() == 0) {
      definition.addMetrics(MetricDefinition.newBuilder().setName(DEFAULT_METRIC));
    }
    check(definition.build());
    return Calls.reaching(store.compareAndSet(Versioned.ABSENT, definition.build()))
        .thenApply(Versioned::value)
        .exceptionallyCompose(
            failure ->
                Calls.unwrap(failure) instanceof ConflictException
                    ? existing(wanted, definition.build())
                    : CompletableFuture.failedFuture(failure));
  }

  /** Refuses a definition that no namespace can have. */
  static void check(NamespaceDefinition definition) {
    checkName("namespace.name", definition.getName());
    checkMetrics(definition.getMetricsList());
    RuleChecks.check(definition);
    checkLateness(definition);
    checkRetention(definition);
    checkEventIdHorizon(definition);
  }

  private CompletableFuture<NamespaceDefinition> existing(
      NamespaceDefinition wanted, NamespaceDefinition completed) {
    return Calls.reaching(store.read(wanted.getName()))
        .thenCompose(
            stored -> {
              if (stored.version() == Versioned.ABSENT) {
                // Deleted since.
                return create(wanted);
              }
              if (!written(stored.value()).equals(written(completed))) {
                throw Errors.of(
                    Code.ALREADY_EXISTS,
                    ErrorReason.ERROR_REASON_NAMESPACE_EXISTS,
                    "namespace: "
                        + wanted.getName()
                        + " exists with another definition (expected: a new name)");
              }
              return CompletableFuture.completedFuture(stored.value());
            });
  }

  /** What a user wrote of a definition. */
  private static NamespaceDefinition written(NamespaceDefinition definition) {
    return definition.toBuilder().clearUid().clearRevision().clearReplacesUid().build();
  }

  /** Adds a metric unless the namespace has it. */
  CompletableFuture<NamespaceDefinition> addMetric(String name, MetricDefinition metric) {
    String namespace = name.isEmpty() ? Namespaces.DEFAULT : name;
    checkName("namespace", namespace);
    checkName("metric.name", metric.getName());
    checkStrategy(metric);
    return Calls.reaching(store.read(namespace))
        .thenCompose(
            stored -> {
              if (stored.version() == Versioned.ABSENT) {
                throw NamespaceDirectory.namespaceNotFound(namespace);
              }
              int place = placeOf(stored.value(), metric.getName());
              if (place >= 0) {
                checkSameStrategy(stored.value().getMetrics(place), metric);
                return CompletableFuture.completedFuture(stored.value());
              }
              NamespaceDefinition changed =
                  stored.value().toBuilder()
                      .addMetrics(metric)
                      .setRevision(stored.value().getRevision() + 1)
                      .build();
              checkMetrics(changed.getMetricsList());
              return Calls.reaching(store.compareAndSet(stored.version(), changed))
                  .thenApply(Versioned::value);
            })
        .exceptionallyCompose(
            failure ->
                Calls.unwrap(failure) instanceof ConflictException
                    ? addMetric(namespace, metric)
                    : CompletableFuture.failedFuture(failure));
  }

  /** Adds a threshold rule, or replaces the one of its name. */
  CompletableFuture<NamespaceDefinition> setRule(String name, ThresholdRule rule) {
    return changeRules(
        name,
        rules -> {
          List<ThresholdRule> changed = new ArrayList<>(rules);
          int index = indexOf(rules, rule.getName());
          if (index < 0) {
            changed.add(rule);
          } else {
            changed.set(index, rule);
          }
          return changed;
        });
  }

  /** Removes a threshold rule. */
  CompletableFuture<NamespaceDefinition> deleteRule(String name, String rule) {
    checkName("name", rule);
    return changeRules(
        name,
        rules -> {
          int index = indexOf(rules, rule);
          if (index < 0) {
            throw RuleChecks.notFound(rule);
          }
          List<ThresholdRule> changed = new ArrayList<>(rules);
          changed.remove(index);
          return changed;
        });
  }

  private static int indexOf(List<ThresholdRule> rules, String name) {
    return rules.stream().map(ThresholdRule::getName).toList().indexOf(name);
  }

  private CompletableFuture<NamespaceDefinition> changeRules(
      String name, UnaryOperator<List<ThresholdRule>> change) {
    String namespace = name.isEmpty() ? Namespaces.DEFAULT : name;
    checkName("namespace", namespace);
    return store
        .read(namespace)
        .thenCompose(
            stored -> {
              if (stored.version() == Versioned.ABSENT) {
                throw NamespaceDirectory.namespaceNotFound(namespace);
              }
              List<ThresholdRule> rules = change.apply(stored.value().getRulesList());
              if (rules.equals(stored.value().getRulesList())) {
                return CompletableFuture.completedFuture(stored.value());
              }
              NamespaceDefinition changed =
                  stored.value().toBuilder()
                      .clearRules()
                      .addAllRules(rules)
                      .setRevision(stored.value().getRevision() + 1)
                      .build();
              RuleChecks.check(changed);
              return store.compareAndSet(stored.version(), changed).thenApply(Versioned::value);
            })
        .exceptionallyCompose(
            failure ->
                Calls.unwrap(failure) instanceof ConflictException
                    ? changeRules(namespace, change)
                    : CompletableFuture.failedFuture(failure));
  }

  /** Gives a metric another strategy, unless it has that one. */
  CompletableFuture<NamespaceDefinition> swapMetric(String name, MetricDefinition metric) {
    String namespace = name.isEmpty() ? Namespaces.DEFAULT : name;
    checkName("namespace", namespace);
    checkName("metric.name", metric.getName());
    checkStrategy(metric);
    if (metric.getStrategyCase() == MetricDefinition.StrategyCase.STRATEGY_NOT_SET) {
      // Not taken for the default: a swap that forgot to say its strategy would drop counts.
      throw badStrategy("strategy: none (expected: the one to swap to)");
    }
    return store
        .read(namespace)
        .thenCompose(
            stored -> {
              if (stored.version() == Versioned.ABSENT) {
                throw NamespaceDirectory.namespaceNotFound(namespace);
              }
              int place = placeOf(stored.value(), metric.getName());
              if (place < 0) {
                throw NamespaceDirectory.metricNotFound(stored.value(), metric.getName());
              }
              if (Strategy.of(stored.value().getMetrics(place)).equals(Strategy.of(metric))) {
                return CompletableFuture.completedFuture(stored.value());
              }
              NamespaceDefinition changed =
                  stored.value().toBuilder()
                      .setMetrics(place, metric)
                      .setRevision(stored.value().getRevision() + 1)
                      .build();
              RuleChecks.check(changed);
              return store.compareAndSet(stored.version(), changed).thenApply(Versioned::value);
            })
        .exceptionallyCompose(
            failure ->
                Calls.unwrap(failure) instanceof ConflictException
                    ? swapMetric(namespace, metric)
                    : CompletableFuture.failedFuture(failure));
  }

  /** The index of a metric in a definition, or -1. */
  private static int placeOf(NamespaceDefinition namespace, String metric) {
    for (int i = 0; i < namespace.getMetricsCount(); i++) {
      if (namespace.getMetrics(i).getName().equals(metric)) {
        return i;
      }
    }
    return -1;
  }

  private static void checkSameStrategy(MetricDefinition stored, MetricDefinition wanted) {
    boolean unsaid = wanted.getStrategyCase() == MetricDefinition.StrategyCase.STRATEGY_NOT_SET;
    if (!unsaid && !Strategy.of(stored).equals(Strategy.of(wanted))) {
      throw Errors.of(
          Code.ALREADY_EXISTS,
          ErrorReason.ERROR_REASON_NAMESPACE_EXISTS,
          "metric: "
              + wanted.getName()
              + " exists with another strategy (expected: a new name; a swap changes strategies)");
    }
  }

  /** Deletes a namespace; its counts are dropped by the owners of the ranges. */
  CompletableFuture<Void> delete(String name) {
    checkName("name", name);
    if (name.equals(Namespaces.DEFAULT)) {
      throw Errors.of(
          Code.FAILED_PRECONDITION,
          ErrorReason.ERROR_REASON_NAMESPACE_PROTECTED,
          "name: " + name + " (expected: another namespace; this one always exists)");
    }
    return Calls.reaching(store.read(name))
        .thenCompose(
            stored -> {
              if (stored.version() == Versioned.ABSENT) {
                throw NamespaceDirectory.namespaceNotFound(name);
              }
              return Calls.reaching(store.delete(name, stored.version()));
            })
        .exceptionallyCompose(
            failure ->
                Calls.unwrap(failure) instanceof ConflictException
                    ? delete(name)
                    : CompletableFuture.failedFuture(failure));
  }

  private static void checkMetrics(List<MetricDefinition> metrics) {
    Set<String> names = new HashSet<>();
    for (MetricDefinition metric : metrics) {
      checkName("metrics.name", metric.getName());
      checkStrategy(metric);
      if (!names.add(metric.getName())) {
        throw Errors.invalid(
            ErrorReason.ERROR_REASON_BAD_NAME,
            "metrics.name",
            "metrics.name: " + metric.getName() + " twice (expected: distinct names)");
      }
    }
    if (metrics.size() > MAX_METRICS) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_SIZE,
          "metrics",
          "metrics: " + metrics.size() + " (expected: at most " + MAX_METRICS + ")");
    }
  }

  private static void checkLateness(NamespaceDefinition definition) {
    checkMillis("lateness_millis", Namespaces.latenessMillis(definition), 0, MAX_LATENESS_MILLIS);
  }

  private static void checkEventIdHorizon(NamespaceDefinition definition) {
    checkMillis(
        "event_id_horizon_millis",
        Namespaces.eventIdHorizonMillis(definition),
        MIN_EVENT_ID_HORIZON_MILLIS,
        MAX_EVENT_ID_HORIZON_MILLIS);
  }

  /** A finer level must not outlive a coarser one: spans are answered from both together. */
  private static void checkRetention(NamespaceDefinition definition) {
    long minute = Namespaces.minuteRetentionMillis(definition);
    long hour = Namespaces.hourRetentionMillis(definition);
    long day = Namespaces.dayRetentionMillis(definition);
    checkMillis("retention.minute_millis", minute, MIN_RETENTION_MILLIS, MAX_RETENTION_MILLIS);
    checkMillis("retention.hour_millis", hour, MIN_RETENTION_MILLIS, MAX_RETENTION_MILLIS);
    checkMillis("retention.day_millis", day, MIN_RETENTION_MILLIS, MAX_RETENTION_MILLIS);
    checkOrder("retention.hour_millis", hour, "minute_millis", minute);
    checkOrder("retention.day_millis", day, "hour_millis", hour);
  }

  private static void checkMillis(String field, long millis, long lowest, long highest) {
    if (millis < lowest || millis > highest) {
      throw badParameter(field, millis, lowest + ".." + highest);
    }
  }

  private static void checkOrder(String field, long millis, String finer, long finerMillis) {
    if (millis < finerMillis) {
      throw badParameter(field, millis, "at least " + finer + ", " + finerMillis);
    }
  }

  private static StatusRuntimeException badParameter(String field, long value, String rule) {
    String name = "namespace." + field;
    return Errors.invalid(
        ErrorReason.ERROR_REASON_BAD_PARAMETER,
        name,
        name + ": " + value + " (expected: " + rule + ")");
  }

  private static void checkStrategy(MetricDefinition metric) {
    if (!metric.getUnknownFields().asMap().isEmpty()) {
      // A strategy of a later version is such a field; counting by another one would be no answer.
      throw badStrategy("strategy: unknown here (expected: one that this server's version has)");
    }
    String violation = Strategy.violation(metric);
    if (violation != null) {
      throw badStrategy(violation);
    }
  }

  private static StatusRuntimeException badStrategy(String violation) {
    String field = "metrics." + violation.substring(0, violation.indexOf(':'));
    return Errors.invalid(ErrorReason.ERROR_REASON_BAD_STRATEGY, field, violation);
  }

  private static void checkName(String field, String name) {
    String violation = NameRules.violation(field, name);
    if (violation != null) {
      throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, field, violation);
    }
  }
}
