package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.coordination.ClusterWatch;
import org.tallyring.shardserver.coordination.NamespaceStore;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.topology.name.NameRules;
import org.tallyring.topology.window.BucketWidth;

/**
 * Finds namespaces and metrics by name: in the newest view, and where that does not know them, in
 * the store itself, so that what was created a moment ago through another shard is found.
 */
final class NamespaceDirectory {

  private final ClusterWatch watch;
  private final NamespaceStore store;

  /** Of the namespace asked for last, as each batch of a producer asks for the same one. */
  private volatile Metrics last = Metrics.of(NamespaceDefinition.getDefaultInstance());

  NamespaceDirectory(ClusterWatch watch, NamespaceStore store) {
    this.watch = watch;
    this.store = store;
  }

  /**
   * The definition of a namespace, new enough to have the metrics if they exist.
   *
   * @param name the name; empty means "default"
   * @return fails with NAMESPACE_NOT_FOUND, BAD_NAME or, when the store cannot be asked,
   *     NO_SESSION; whether the metrics exist is for the caller to see
   */
  CompletableFuture<NamespaceDefinition> find(String name, Collection<String> metrics) {
    String wanted = name.isEmpty() ? Namespaces.DEFAULT : name;
    String violation = NameRules.violation("namespace", wanted);
    if (violation != null) {
      return CompletableFuture.failedFuture(
          Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, "namespace", violation));
    }
    @Nullable NamespaceDefinition seen = watch.view().namespaces().get(wanted);
    if (seen != null && metricsOf(seen).containsAll(metrics)) {
      return CompletableFuture.completedFuture(seen);
    }
    return Calls.reaching(store.read(wanted))
        .thenApply(
            stored -> {
              if (stored.version() == Versioned.ABSENT) {
                throw namespaceNotFound(wanted);
              }
              return stored.value();
            });
  }

  /** A definition as it is stored at this moment; fails as {@link #find}. */
  CompletableFuture<Versioned<NamespaceDefinition>> findStored(String name) {
    String violation = NameRules.violation("namespace", name);
    if (violation != null) {
      return CompletableFuture.failedFuture(
          Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, "namespace", violation));
    }
    return Calls.reaching(store.read(name))
        .thenApply(
            stored -> {
              if (stored.version() == Versioned.ABSENT) {
                throw namespaceNotFound(name);
              }
              return stored;
            });
  }

  /** Whether {@link #find} would answer at once, from the newest view. */
  boolean isKnown(String name, Collection<String> metrics) {
    @Nullable NamespaceDefinition seen =
        watch.view().namespaces().get(name.isEmpty() ? Namespaces.DEFAULT : name);
    return seen != null && metricsOf(seen).containsAll(metrics);
  }

  /** Like {@link #find}, and fails with METRIC_NOT_FOUND. */
  CompletableFuture<NamespaceDefinition> findWithMetric(String name, String metric) {
    return find(name, Set.of(metric))
        .thenApply(
            namespace -> {
              if (!metricsOf(namespace).contains(metric)) {
                throw metricNotFound(namespace, metric);
              }
              return namespace;
            });
  }

  /** How long the finest buckets of a metric that the namespace has are. */
  static BucketWidth bucketWidth(NamespaceDefinition namespace, String metric) {
    return namespace.getMetricsList().stream()
        .filter(each -> each.getName().equals(metric))
        .findFirst()
        .map(Namespaces::bucketWidth)
        .orElseThrow();
  }

  /** The names of a namespace's metrics. */
  private record Metrics(NamespaceDefinition namespace, Set<String> names) {

    static Metrics of(NamespaceDefinition namespace) {
      return new Metrics(
          namespace,
          namespace.getMetricsList().stream()
              .map(MetricDefinition::getName)
              .collect(Collectors.toUnmodifiableSet()));
    }
  }

  @SuppressWarnings("ReferenceEquality") // A view hands out the same object until it changes.
  private Set<String> metricsOf(NamespaceDefinition namespace) {
    Metrics known = last;
    if (known.namespace() != namespace) {
      known = Metrics.of(namespace);
      last = known;
    }
    return known.names();
  }

  static StatusRuntimeException namespaceNotFound(String name) {
    return Errors.of(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND,
        "namespace: " + name + " (expected: an existing one; create it first)");
  }

  static StatusRuntimeException metricNotFound(NamespaceDefinition namespace, String metric) {
    return Errors.of(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_METRIC_NOT_FOUND,
        "metric: "
            + metric
            + " (expected: one of "
            + namespace.getMetricsList().stream()
                .map(MetricDefinition::getName)
                .collect(Collectors.joining(", "))
            + ")");
  }
}
