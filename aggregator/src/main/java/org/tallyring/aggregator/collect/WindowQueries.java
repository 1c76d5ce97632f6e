package org.tallyring.aggregator.collect;

import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.aggregator.merge.RangePart;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.proto.internal.v1.KeptFrom;
import org.tallyring.proto.internal.v1.QueryTopKRequest;
import org.tallyring.proto.internal.v1.QueryTopKResponse;
import org.tallyring.proto.internal.v1.RangeRanking;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.topology.window.KeptBuckets;

/**
 * Asks the shards for windows that are not collected, and for spans. Thread-safe and never
 * blocking.
 */
public final class WindowQueries {

  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  /** A shard may learn of a new namespace, or get over a change of owners, this much later. */
  private static final Duration REPEAT_DELAY = Duration.ofMillis(100);

  private static final Logger logger = LoggerFactory.getLogger(WindowQueries.class);

  private final Cluster cluster;
  private final ShardCalls calls;
  private final EventLoop loop;

  /** Queries to the shards of a cluster. */
  public WindowQueries(Cluster cluster, ShardCalls calls, EventLoop loop) {
    this.cluster = cluster;
    this.calls = calls;
    this.loop = loop;
  }

  /**
   * Asks every live shard at once.
   *
   * @return what the owners answered. It never fails: the ranges of a shard that does not answer
   *     are missing.
   */
  public CompletableFuture<IntervalParts> query(QueryTopKRequest request) {
    List<CompletableFuture<IntervalParts>> answers = new ArrayList<>();
    cluster
        .picture()
        .addresses()
        .forEach(
            (shardId, address) ->
                answers.add(
                    ask(address, request)
                        .thenApply(WindowQueries::parts)
                        .exceptionally(
                            failure -> {
                              logger.warn(
                                  "{} at {} cannot be asked for a window, its ranges are missing"
                                      + " from the answer: {}",
                                  shardId,
                                  address,
                                  failure.toString());
                              return new IntervalParts(List.of(), KeptBuckets.EVERYTHING);
                            })));
    return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
        .thenApply(
            done -> {
              // An owner that has been replaced meanwhile may have missed increments.
              ClusterPicture picture = cluster.picture();
              List<IntervalParts> all = answers.stream().map(CompletableFuture::join).toList();
              return new IntervalParts(
                  all.stream()
                      .flatMap(answer -> answer.parts().stream())
                      .filter(part -> part.epoch() >= picture.epoch(part.rangeId()))
                      .toList(),
                  all.stream()
                      .map(IntervalParts::kept)
                      .reduce(KeptBuckets.EVERYTHING, KeptBuckets::and));
            });
  }

  private CompletableFuture<QueryTopKResponse> ask(String address, QueryTopKRequest request) {
    return askOnce(address, request)
        .exceptionallyCompose(
            failure -> {
              Status.Code code = Status.fromThrowable(failure).getCode();
              if (code != Status.Code.UNAVAILABLE && code != Status.Code.NOT_FOUND) {
                return CompletableFuture.failedFuture(failure);
              }
              CompletableFuture<QueryTopKResponse> repeated = new CompletableFuture<>();
              loop.schedule(
                  () ->
                      askOnce(address, request)
                          .whenComplete(
                              (answer, again) -> {
                                if (again == null) {
                                  repeated.complete(answer);
                                } else {
                                  repeated.completeExceptionally(again);
                                }
                              }),
                  REPEAT_DELAY);
              return repeated;
            });
  }

  private static KeptBuckets kept(List<KeptFrom> entries) {
    KeptBuckets kept = KeptBuckets.EVERYTHING;
    for (KeptFrom entry : entries) {
      kept = kept.butOf(Windows.level(entry.getBucket()).orElseThrow(), entry.getKeptFromMillis());
    }
    return kept;
  }

  private CompletableFuture<QueryTopKResponse> askOnce(String address, QueryTopKRequest request) {
    return calls.to(address, RangeServiceGrpc.getQueryTopKMethod(), request, TIMEOUT);
  }

  private static IntervalParts parts(QueryTopKResponse answer) {
    Map<Integer, Long> epochs = new HashMap<>();
    for (RangeVersion version : answer.getVersionsList()) {
      epochs.put(version.getRangeId(), version.getEpoch());
    }
    List<RangePart> parts = new ArrayList<>(answer.getRankingsCount());
    for (RangeRanking ranking : answer.getRankingsList()) {
      Long epoch = epochs.get(ranking.getRangeId());
      if (epoch == null) {
        throw new IllegalArgumentException(
            "versions: none for range " + ranking.getRangeId() + " (expected: one per ranking)");
      }
      parts.add(
          new RangePart(
              ranking.getRangeId(), epoch, ranking.getRevision(), RangeHolding.ranking(ranking)));
    }
    return new IntervalParts(parts, kept(answer.getNotKeptList()));
  }
}
