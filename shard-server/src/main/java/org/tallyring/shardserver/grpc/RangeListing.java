package org.tallyring.shardserver.grpc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.v1.ListRangesRequest;
import org.tallyring.proto.v1.ListRangesResponse;
import org.tallyring.proto.v1.RangeStatus;
import org.tallyring.shardserver.controller.LoadSource;
import org.tallyring.shardserver.coordination.ClusterWatch;
import org.tallyring.shardserver.ownership.OwnedRange;
import org.tallyring.shardserver.ownership.ShardRanges;
import org.tallyring.topology.planning.RangeLoads;

/** How all ranges are, as their owners say. */
final class RangeListing implements LoadSource {

  private static final Logger log = LoggerFactory.getLogger(RangeListing.class);

  private static final long PEER_SECONDS = 5;

  /** A rate over a shorter time says more about the moment than about the range. */
  static final long LEAST_MEASURED_MILLIS = 30_000;

  private final String shardId;
  private final ClusterWatch watch;
  private final ShardRanges ranges;
  private final PeerChannels peers;

  RangeListing(String shardId, ClusterWatch watch, ShardRanges ranges, PeerChannels peers) {
    this.shardId = shardId;
    this.watch = watch;
    this.ranges = ranges;
    this.peers = peers;
  }

  /** The ranges that this shard serves, or those of all owners that answer; by id. */
  CompletableFuture<List<RangeStatus>> list(boolean localOnly) {
    List<CompletableFuture<List<RangeStatus>>> parts = new ArrayList<>();
    parts.add(local());
    if (!localOnly) {
      watch.view().members().values().stream()
          .filter(member -> !member.getId().equals(shardId))
          .forEach(member -> parts.add(remote(member.getId(), member.getAddress())));
    }
    return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> {
              // While a range moves two shards may report it: the newer owner's word counts.
              Map<Integer, RangeStatus> byId = new TreeMap<>();
              for (CompletableFuture<List<RangeStatus>> part : parts) {
                for (RangeStatus status : part.join()) {
                  byId.merge(
                      status.getRangeId(), status, (a, b) -> a.getEpoch() >= b.getEpoch() ? a : b);
                }
              }
              return List.copyOf(byId.values());
            });
  }

  @Override
  public CompletableFuture<Optional<RangeLoads>> measure() {
    int rangeCount = watch.view().config().getRangeCount();
    return list(false).thenApply(statuses -> loads(statuses, rangeCount));
  }

  /** The loads, if every range was measured for long enough. */
  static Optional<RangeLoads> loads(List<RangeStatus> byId, int rangeCount) {
    if (byId.size() != rangeCount
        || byId.stream().anyMatch(range -> range.getMeasuredMillis() < LEAST_MEASURED_MILLIS)) {
      return Optional.empty();
    }
    return Optional.of(
        RangeLoads.of(
            byId.stream().mapToLong(RangeStatus::getIncrementsPerSecond).toArray(),
            byId.stream().mapToLong(RangeStatus::getBytes).toArray()));
  }

  private CompletableFuture<List<RangeStatus>> local() {
    List<CompletableFuture<@Nullable RangeStatus>> asked = new ArrayList<>();
    for (OwnedRange range : ranges.all()) {
      asked.add(range.status());
    }
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> {
              List<RangeStatus> statuses = new ArrayList<>();
              for (CompletableFuture<@Nullable RangeStatus> answer : asked) {
                RangeStatus status = answer.join();
                if (status != null) {
                  statuses.add(status);
                }
              }
              return statuses;
            });
  }

  private CompletableFuture<List<RangeStatus>> remote(String id, String address) {
    return Calls.toFuture(
            peers
                .admin(address)
                .withDeadlineAfter(PEER_SECONDS, TimeUnit.SECONDS)
                .listRanges(ListRangesRequest.newBuilder().setLocalOnly(true).build()))
        .thenApply(ListRangesResponse::getRangesList)
        .exceptionally(
            failure -> {
              log.info("{} at {}: no range list ({})", id, address, failure.toString());
              return List.of();
            });
  }
}
