package org.tallyring.shardserver.grpc;

import io.grpc.Status;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.QuerySeriesRequest;
import org.tallyring.proto.internal.v1.QuerySeriesResponse;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.GetSeriesResponse;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.SeriesPoint;
import org.tallyring.proto.window.Intervals;
import org.tallyring.proto.window.Selections;
import org.tallyring.topology.window.Interval;

/** Answers GetSeries for any key: from its range if it is held here, or from the shard that is. */
final class SeriesReader {

  private static final Logger log = LoggerFactory.getLogger(SeriesReader.class);

  private static final long PEER_SECONDS = 5;

  private final RangeReads reads;
  private final RangeOwners owners;
  private final PeerChannels peers;
  private final NamespaceDirectory namespaces;
  private final ReadGuard guard;
  private final InstantSource clock;

  SeriesReader(
      RangeReads reads,
      RangeOwners owners,
      PeerChannels peers,
      NamespaceDirectory namespaces,
      ReadGuard guard,
      InstantSource clock) {
    this.reads = reads;
    this.owners = owners;
    this.peers = peers;
    this.namespaces = namespaces;
    this.guard = guard;
    this.clock = clock;
  }

  CompletableFuture<GetSeriesResponse> series(GetSeriesRequest request) {
    guard.check();
    CountsReader.checkKey("key", request.getKey());
    long now = clock.millis();
    return namespaces
        .findWithMetric(request.getNamespace(), request.getMetric())
        .thenCompose(
            namespace -> {
              Interval period =
                  Selections.period(
                      request, NamespaceDirectory.bucketWidth(namespace, request.getMetric()), now);
              int rangeId = reads.rangeOf(namespace.getName(), request.getKey());
              QuerySeriesRequest query =
                  QuerySeriesRequest.newBuilder()
                      .setNamespace(namespace.getName())
                      .setMetric(request.getMetric())
                      .setInterval(Intervals.toProto(period))
                      .setKey(request.getKey())
                      .build();
              return read(rangeId, namespace, period, query)
                  .thenApply(
                      found -> {
                        if (!found.getServed()) {
                          throw RangeOwners.unavailable(rangeId);
                        }
                        return answer(namespace, period, found, now);
                      });
            })
        .thenApply(guard::checked);
  }

  private CompletableFuture<QuerySeriesResponse> read(
      int rangeId, NamespaceDefinition namespace, Interval period, QuerySeriesRequest query) {
    return owners
        .peerServing(rangeId)
        .map(peer -> ask(peer, query))
        .orElseGet(
            () -> reads.series(rangeId, namespace, query.getMetric(), period, query.getKey()));
  }

  /** A peer that does not answer serves nothing; what it refuses is refused. */
  private CompletableFuture<QuerySeriesResponse> ask(Member peer, QuerySeriesRequest query) {
    return Calls.toFuture(
            peers
                .ranges(peer.getAddress())
                .withDeadlineAfter(PEER_SECONDS, TimeUnit.SECONDS)
                .querySeries(query))
        .exceptionallyCompose(
            failure -> {
              if (Status.fromThrowable(failure).getCode() == Status.Code.NOT_FOUND) {
                return CompletableFuture.failedFuture(failure);
              }
              log.info(
                  "{} at {}: no series ({})", peer.getId(), peer.getAddress(), failure.toString());
              return CompletableFuture.completedFuture(QuerySeriesResponse.getDefaultInstance());
            });
  }

  private static GetSeriesResponse answer(
      NamespaceDefinition namespace, Interval period, QuerySeriesResponse found, long now) {
    AnswerLabel.Builder label =
        Selections.label(period, false)
            .setStartTime(ProtoTimes.timestamp(found.getStartMillis()))
            .setAsOfTime(ProtoTimes.timestamp(now))
            .setFinal(period.endMillis() + Namespaces.latenessMillis(namespace) <= now)
            .setRevision(found.getRevision())
            .setRangesTotal(1)
            .setRangesIncluded(1);
    Qualities.label(label, List.of(found.getQuality()));
    GetSeriesResponse.Builder response = GetSeriesResponse.newBuilder().setLabel(label);
    long start = found.getStartMillis();
    for (long count : found.getCountsList()) {
      response.addPoints(
          SeriesPoint.newBuilder().setStartTime(ProtoTimes.timestamp(start)).setCount(count));
      start = period.end(start);
    }
    return response.build();
  }
}
