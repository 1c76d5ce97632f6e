package org.tallyring.aggregator.collect;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.aggregator.merge.RangePart;
import org.tallyring.aggregator.merge.RangePosition;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.proto.internal.v1.QueryRankRequest;
import org.tallyring.proto.internal.v1.QueryRankResponse;
import org.tallyring.proto.internal.v1.QueryRankingPageRequest;
import org.tallyring.proto.internal.v1.QueryRankingPageResponse;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.RankingRows;
import org.tallyring.proto.window.Intervals;

/** Asks the shards for places and pages of rankings. Thread-safe and never blocking. */
public final class RankQueries {

  private final Broadcast broadcast;

  /** Queries to the shards of a cluster. */
  public RankQueries(Cluster cluster, ShardCalls calls, EventLoop loop) {
    this.broadcast = new Broadcast(cluster, calls, loop);
  }

  /** Where a key stands in the ranges that answer; ranges without an owner are missing. */
  public CompletableFuture<IntervalParts<RangePosition>> positions(QueryRankRequest request) {
    return broadcast.ask(
        RangeServiceGrpc.getQueryRankMethod(),
        request,
        answer ->
            new IntervalParts<>(positions(answer), Intervals.fromProto(answer.getNotKeptList())));
  }

  /** The next rows of the ranges that answer; ranges without an owner are missing. */
  public CompletableFuture<IntervalParts<PagePart>> pages(QueryRankingPageRequest request) {
    return broadcast.ask(
        RangeServiceGrpc.getQueryRankingPageMethod(),
        request,
        answer -> new IntervalParts<>(pages(answer), Intervals.fromProto(answer.getNotKeptList())));
  }

  private static List<RangePosition> positions(QueryRankResponse answer) {
    return answer.getPositionsList().stream()
        .map(
            position ->
                new RangePosition(
                    position.getView().getRangeId(),
                    position.getView().getEpoch(),
                    position.getRevision(),
                    position.getAsOfMillis(),
                    position.getCount(),
                    position.getBefore(),
                    position.getTotal(),
                    ranking(position.getAbove()),
                    ranking(position.getBelow()),
                    Qualities.of(position.getQuality())))
        .toList();
  }

  private static List<PagePart> pages(QueryRankingPageResponse answer) {
    return answer.getPagesList().stream()
        .map(
            page ->
                new PagePart(
                    new RangePart(
                        page.getView().getRangeId(),
                        page.getView().getEpoch(),
                        page.getRevision(),
                        ranking(page.getRows()).with(Qualities.of(page.getQuality()))),
                    page.getView().getVersion(),
                    page.getExpired(),
                    page.getAsOfMillis(),
                    page.getTotal()))
        .toList();
  }

  private static Ranking ranking(RankingRows rows) {
    return Ranking.of(rows.getKeys().toByteArray(), rows.getKeyLengthsList(), rows.getCountsList());
  }
}
