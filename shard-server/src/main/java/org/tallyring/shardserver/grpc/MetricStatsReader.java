package org.tallyring.shardserver.grpc;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.v1.GetMetricStatsRequest;
import org.tallyring.proto.v1.GetMetricStatsResponse;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.MetricStats;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.coordination.ClusterWatch;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.ownership.OwnedRange;
import org.tallyring.shardserver.ownership.ShardRanges;

/**
 * Sums up what the metrics of a namespace hold: in the ranges held here, and by asking the peers.
 */
final class MetricStatsReader {

  private static final Logger log = LoggerFactory.getLogger(MetricStatsReader.class);

  private static final long PEER_SECONDS = 5;

  private final String shardId;
  private final ClusterWatch watch;
  private final NamespaceDirectory namespaces;
  private final ShardRanges ranges;
  private final PeerChannels peers;

  MetricStatsReader(
      String shardId,
      ClusterWatch watch,
      NamespaceDirectory namespaces,
      ShardRanges ranges,
      PeerChannels peers) {
    this.shardId = shardId;
    this.watch = watch;
    this.namespaces = namespaces;
    this.ranges = ranges;
    this.peers = peers;
  }

  CompletableFuture<GetMetricStatsResponse> stats(GetMetricStatsRequest request) {
    return namespaces
        .find(request.getNamespace(), List.of())
        .thenCompose(
            namespace -> {
              List<CompletableFuture<GetMetricStatsResponse>> parts = new ArrayList<>();
              for (OwnedRange range : ranges.all()) {
                parts.add(
                    range
                        .<GetMetricStatsResponse>read(engine -> stats(engine, namespace))
                        .thenApply(MetricStatsReader::orNone));
              }
              if (!request.getLocalOnly()) {
                watch.view().members().values().stream()
                    .filter(member -> !member.getId().equals(shardId))
                    .forEach(member -> parts.add(remote(member, namespace.getName())));
              }
              return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                  .thenApply(all -> sum(namespace, parts));
            });
  }

  /** What a range that does not serve adds. */
  private static GetMetricStatsResponse orNone(@Nullable GetMetricStatsResponse read) {
    return read == null ? GetMetricStatsResponse.getDefaultInstance() : read;
  }

  private static GetMetricStatsResponse stats(RangeEngine engine, NamespaceDefinition namespace) {
    GetMetricStatsResponse.Builder response =
        GetMetricStatsResponse.newBuilder().setRangesIncluded(1);
    for (MetricDefinition metric : namespace.getMetricsList()) {
      org.tallyring.shardserver.engine.MetricStats stats =
          engine.stats(namespace.getUid(), metric.getName());
      response.addMetrics(
          MetricStats.newBuilder()
              .setMetric(metric)
              .setHits(stats.hits())
              .setKeys(stats.keys())
              .setEntries(stats.entries())
              .setPruned(stats.pruned())
              .setBytes(stats.bytes()));
    }
    return response.build();
  }

  private CompletableFuture<GetMetricStatsResponse> remote(Member member, String namespace) {
    return Calls.toFuture(
            peers
                .admin(member.getAddress())
                .withDeadlineAfter(PEER_SECONDS, TimeUnit.SECONDS)
                .getMetricStats(
                    GetMetricStatsRequest.newBuilder()
                        .setNamespace(namespace)
                        .setLocalOnly(true)
                        .build()))
        .exceptionally(
            failure -> {
              log.info(
                  "{} at {}: no metric stats ({})",
                  member.getId(),
                  member.getAddress(),
                  failure.toString());
              return GetMetricStatsResponse.getDefaultInstance();
            });
  }

  /** Sums by name: a peer may not know of a new metric yet. */
  private GetMetricStatsResponse sum(
      NamespaceDefinition namespace, List<CompletableFuture<GetMetricStatsResponse>> parts) {
    GetMetricStatsResponse.Builder sum =
        GetMetricStatsResponse.newBuilder().setRangesTotal(watch.view().config().getRangeCount());
    for (MetricDefinition metric : namespace.getMetricsList()) {
      MetricStats.Builder total = MetricStats.newBuilder().setMetric(metric);
      for (CompletableFuture<GetMetricStatsResponse> part : parts) {
        for (MetricStats stats : part.join().getMetricsList()) {
          if (stats.getMetric().getName().equals(metric.getName())) {
            add(total, stats);
          }
        }
      }
      sum.addMetrics(total);
    }
    for (CompletableFuture<GetMetricStatsResponse> part : parts) {
      sum.setRangesIncluded(sum.getRangesIncluded() + part.join().getRangesIncluded());
    }
    return sum.build();
  }

  private static void add(MetricStats.Builder total, MetricStats part) {
    total
        .setHits(total.getHits() + part.getHits())
        .setKeys(total.getKeys() + part.getKeys())
        .setEntries(total.getEntries() + part.getEntries())
        .setPruned(total.getPruned() + part.getPruned())
        .setBytes(total.getBytes() + part.getBytes());
  }
}
