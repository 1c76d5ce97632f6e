package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.coordination.ConflictException;
import org.tallyring.shardserver.coordination.NamespaceStore;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.shardserver.ownership.Namespaces;
import org.tallyring.topology.name.NameRules;

/**
 * Changes namespace definitions: read, check, compare-and-set, and from the start again when
 * another change came between.
 */
final class NamespaceEditor {

  private static final String DEFAULT_METRIC = "clicks";
  private static final int MAX_METRICS = 64;
  private static final long MAX_LATENESS_MILLIS = 86_400_000L;

  private final NamespaceStore store;
  private final Random random = new SecureRandom();

  NamespaceEditor(NamespaceStore store) {
    this.store = store;
  }

  /** Stores a new namespace, or answers with the stored one if it was created the same before. */
  CompletableFuture<NamespaceDefinition> create(NamespaceDefinition wanted) {
    checkName("namespace.name", wanted.getName());
    NamespaceDefinition.Builder definition =
        wanted.toBuilder().setUid(random.nextLong(Long.MAX_VALUE) + 1);
    if (definition.getMetricsCount() == 0) {
      definition.addMetrics(MetricDefinition.newBuilder().setName(DEFAULT_METRIC));
    }
    checkMetrics(definition.getMetricsList());
    if (definition.hasLatenessMillis()
        && (definition.getLatenessMillis() < 0
            || definition.getLatenessMillis() > MAX_LATENESS_MILLIS)) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_PARAMETER,
          "namespace.lateness_millis",
          "namespace.lateness_millis: "
              + definition.getLatenessMillis()
              + " (expected: 0.."
              + MAX_LATENESS_MILLIS
              + ")");
    }
    return Calls.reaching(store.compareAndSet(Versioned.ABSENT, definition.build()))
        .thenApply(Versioned::value)
        .exceptionallyCompose(
            failure ->
                Calls.unwrap(failure) instanceof ConflictException
                    ? existing(wanted, definition.build())
                    : CompletableFuture.failedFuture(failure));
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
              if (!stored
                  .value()
                  .equals(completed.toBuilder().setUid(stored.value().getUid()).build())) {
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

  /** Adds a metric unless the namespace has it. */
  CompletableFuture<NamespaceDefinition> addMetric(String name, MetricDefinition metric) {
    String namespace = name.isEmpty() ? Namespaces.DEFAULT : name;
    checkName("namespace", namespace);
    checkName("metric.name", metric.getName());
    return Calls.reaching(store.read(namespace))
        .thenCompose(
            stored -> {
              if (stored.version() == Versioned.ABSENT) {
                throw NamespaceDirectory.namespaceNotFound(namespace);
              }
              if (stored.value().getMetricsList().contains(metric)) {
                return CompletableFuture.completedFuture(stored.value());
              }
              NamespaceDefinition changed = stored.value().toBuilder().addMetrics(metric).build();
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

  private static void checkName(String field, String name) {
    String violation = NameRules.violation(field, name);
    if (violation != null) {
      throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, field, violation);
    }
  }
}
