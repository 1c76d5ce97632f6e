package org.tallyring.aggregator.collect;

import io.grpc.Status;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetNamespaceRequest;
import org.tallyring.proto.v1.GetNamespaceResponse;
import org.tallyring.proto.v1.ListNamespacesRequest;
import org.tallyring.proto.v1.ListNamespacesResponse;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.topology.name.NameRules;

/**
 * The definitions of the namespaces, as the shards know them. Thread-safe.
 *
 * <p>All definitions are read again every second, which is how a deletion becomes known; what is
 * not here is asked for at once, so that a new namespace or metric can be used without delay.
 */
public final class NamespaceDirectory implements AutoCloseable {

  private static final Duration REFRESH_PERIOD = Duration.ofSeconds(1);
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private final ShardCalls calls;
  private final EventLoop loop;
  private final Cluster cluster;
  private volatile Map<String, NamespaceDefinition> definitions = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /** An empty directory. */
  public NamespaceDirectory(Cluster cluster, ShardCalls calls, EventLoop loop) {
    this.cluster = cluster;
    this.calls = calls;
    this.loop = loop;
  }

  /** Begins to read definitions. To be called once. */
  public void start() {
    loop.execute(this::refresh);
  }

  /** Takes no more answers. */
  @Override
  public void close() {
    closed = true;
  }

  /**
   * The metric that a request means.
   *
   * @param namespace the namespace's name; empty for {@link Namespaces#DEFAULT}
   * @param metric the metric's name; empty for the first of the namespace
   * @return fails with NOT_FOUND if one of them does not exist, and with INVALID_ARGUMENT if its
   *     name breaks the rule for names
   */
  public CompletableFuture<CountedMetric> resolve(String namespace, String metric) {
    String name = namespace.isEmpty() ? Namespaces.DEFAULT : namespace;
    CountedMetric known = find(definitions.get(name), metric);
    if (known != null) {
      return CompletableFuture.completedFuture(known);
    }
    String violation = NameRules.violation("namespace", name);
    if (violation != null) {
      return CompletableFuture.failedFuture(
          Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, "namespace", violation));
    }
    violation = metric.isEmpty() ? null : NameRules.violation("metric", metric);
    if (violation != null) {
      return CompletableFuture.failedFuture(
          Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, "metric", violation));
    }
    return calls
        .toAny(
            AdminServiceGrpc.getGetNamespaceMethod(),
            GetNamespaceRequest.newBuilder().setName(name).build(),
            TIMEOUT,
            ShardCalls.Repeat.SAFE)
        .thenApply(GetNamespaceResponse::getNamespace)
        .thenApply(
            definition -> {
              put(definition);
              CountedMetric found = find(definition, metric);
              if (found == null) {
                throw Errors.of(
                    Status.Code.NOT_FOUND,
                    ErrorReason.ERROR_REASON_METRIC_NOT_FOUND,
                    "metric: " + metric + " (expected: a metric of the namespace " + name + ")");
              }
              return found;
            });
  }

  /**
   * The metric that a question for ranks, scores, filters or growth means. These are about every
   * key.
   *
   * @return fails as {@link #resolve}, and with FAILED_PRECONDITION if the metric does not hold
   *     every key
   */
  public CompletableFuture<CountedMetric> resolveRanked(String namespace, String metric) {
    return resolve(namespace, metric).thenApply(NamespaceDirectory::requireEveryKey);
  }

  /**
   * The same metric.
   *
   * @throws io.grpc.StatusRuntimeException FAILED_PRECONDITION, if it does not hold every key
   */
  public static CountedMetric requireEveryKey(CountedMetric metric) {
    if (metric.holdsEveryKey()) {
      return metric;
    }
    throw Errors.of(
        Status.Code.FAILED_PRECONDITION,
        ErrorReason.ERROR_REASON_BAD_STRATEGY,
        "metric: "
            + metric.metric()
            + " counts by heavy_hitters (expected: a strategy that holds every key, for ranks,"
            + " scores, filters and trending; to stand beside, include it)");
  }

  /** Takes in a definition that a shard has just answered with. */
  public void put(NamespaceDefinition definition) {
    definitions.put(definition.getName(), definition);
  }

  /** Forgets a definition that is deleted. */
  public void remove(String name) {
    definitions.remove(name);
  }

  private void refresh() {
    if (closed) {
      return;
    }
    loop.schedule(this::refresh, REFRESH_PERIOD);
    if (!cluster.picture().isKnown()) {
      return;
    }
    calls
        .toAny(
            AdminServiceGrpc.getListNamespacesMethod(),
            ListNamespacesRequest.getDefaultInstance(),
            TIMEOUT,
            ShardCalls.Repeat.SAFE)
        .thenAccept(this::replace);
  }

  private void replace(ListNamespacesResponse answer) {
    Map<String, NamespaceDefinition> newer = new ConcurrentHashMap<>();
    answer.getNamespacesList().forEach(definition -> newer.put(definition.getName(), definition));
    definitions = newer;
  }

  private static @Nullable CountedMetric find(
      @Nullable NamespaceDefinition definition, String metric) {
    if (definition == null) {
      return null;
    }
    for (MetricDefinition candidate : definition.getMetricsList()) {
      if (metric.isEmpty() || candidate.getName().equals(metric)) {
        return new CountedMetric(
            definition.getName(),
            definition.getUid(),
            definition.getRevision(),
            Namespaces.latenessMillis(definition),
            candidate);
      }
    }
    return null;
  }
}
