package org.tallyring.aggregator.grpc;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import org.tallyring.aggregator.answer.RankAnswer;
import org.tallyring.aggregator.answer.RankAnswers;
import org.tallyring.aggregator.answer.RankingPage;
import org.tallyring.aggregator.answer.RankingPages;
import org.tallyring.aggregator.answer.TopKAnswer;
import org.tallyring.aggregator.answer.TopKAnswers;
import org.tallyring.aggregator.answer.TrendingAnswer;
import org.tallyring.aggregator.answer.TrendingAnswers;
import org.tallyring.aggregator.merge.MergedRank;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.GetRankRequest;
import org.tallyring.proto.v1.GetRankResponse;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopKResponse;
import org.tallyring.proto.v1.GetTrendingRequest;
import org.tallyring.proto.v1.GetTrendingResponse;
import org.tallyring.proto.v1.ListRankingRequest;
import org.tallyring.proto.v1.ListRankingResponse;
import org.tallyring.proto.v1.RankedKey;
import org.tallyring.proto.v1.RankedRow;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.TrendingKey;

/** Rankings over the whole cluster. */
public final class TopKService extends TopKServiceGrpc.TopKServiceImplBase {

  private final TopKAnswers answers;
  private final RankAnswers ranks;
  private final RankingPages pages;
  private final TrendingAnswers trending;

  /**
   * What was made of the rankings that were asked for last: between two collections all readers get
   * the same.
   */
  private final Cache<Ranking, List<RankedKey>> plainItems =
      Caffeine.newBuilder().weakKeys().maximumSize(64).build();

  /** A service that answers from these. */
  public TopKService(
      TopKAnswers answers, RankAnswers ranks, RankingPages pages, TrendingAnswers trending) {
    this.answers = answers;
    this.ranks = ranks;
    this.pages = pages;
    this.trending = trending;
  }

  @Override
  public void getTopK(GetTopKRequest request, StreamObserver<GetTopKResponse> observer) {
    UnaryReply.of(answers.answer(request).thenApply(this::response), observer);
  }

  @Override
  public void getRank(GetRankRequest request, StreamObserver<GetRankResponse> observer) {
    UnaryReply.of(ranks.answer(request).thenApply(TopKService::response), observer);
  }

  @Override
  public void listRanking(
      ListRankingRequest request, StreamObserver<ListRankingResponse> observer) {
    UnaryReply.of(pages.page(request).thenApply(TopKService::response), observer);
  }

  @Override
  public void getTrending(
      GetTrendingRequest request, StreamObserver<GetTrendingResponse> observer) {
    UnaryReply.of(trending.answer(request).thenApply(TopKService::response), observer);
  }

  private GetTopKResponse response(TopKAnswer answer) {
    return GetTopKResponse.newBuilder()
        .setLabel(answer.label())
        .addAllItems(
            answer.isScored() || !answer.include().isEmpty()
                ? items(answer)
                : plainItems.get(answer.ranking(), ranking -> items(answer)))
        .build();
  }

  private static List<RankedKey> items(TopKAnswer answer) {
    Ranking ranking = answer.ranking();
    List<RankedKey> items = new ArrayList<>(ranking.size());
    for (int place = 0; place < ranking.size(); place++) {
      RankedKey.Builder item =
          RankedKey.newBuilder()
              .setRank(place + 1)
              .setKey(key(ranking, place))
              .setCount(answer.count(place))
              .setScoreMicros(answer.scoreMicros(place));
      for (int i = 0; i < answer.include().size(); i++) {
        item.addIncluded(answer.included(place, i));
      }
      items.add(item.build());
    }
    return List.copyOf(items);
  }

  private static GetRankResponse response(RankAnswer answer) {
    MergedRank merged = answer.merged();
    GetRankResponse.Builder response =
        GetRankResponse.newBuilder()
            .setLabel(answer.label())
            .setRank(merged.rank())
            .setTotal(merged.total())
            .setCount(merged.count())
            .addAllAbove(rows(merged.above(), merged.rank() - merged.above().size()))
            .addAllBelow(rows(merged.below(), merged.rank() + 1));
    Long previous = answer.previousRank();
    if (previous != null) {
      response.setPreviousRank(previous);
    }
    return response.build();
  }

  private static ListRankingResponse response(RankingPage page) {
    return ListRankingResponse.newBuilder()
        .setLabel(page.label())
        .addAllRows(rows(page.rows(), page.firstRank()))
        .setTotal(page.total())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  private static GetTrendingResponse response(TrendingAnswer answer) {
    GetTrendingResponse.Builder response =
        GetTrendingResponse.newBuilder()
            .setLabel(answer.label())
            .setBaselineHours(answer.baselineHours())
            .setBaselineStartTime(ProtoTimes.timestamp(answer.baseline().startMillis()));
    Ranking ranking = answer.ranking();
    for (int place = 0; place < ranking.size(); place++) {
      response.addItems(
          TrendingKey.newBuilder()
              .setRank(place + 1)
              .setKey(key(ranking, place))
              .setCount(answer.count(place))
              .setBaselineCount(answer.baselineCount(place))
              .setBaselineMean(answer.baselineMean(place))
              .setScoreMicros(answer.scoreMicros(place)));
    }
    return response.build();
  }

  private static List<RankedRow> rows(Ranking ranking, long firstRank) {
    List<RankedRow> rows = new ArrayList<>(ranking.size());
    for (int place = 0; place < ranking.size(); place++) {
      rows.add(
          RankedRow.newBuilder()
              .setRank(firstRank + place)
              .setKey(key(ranking, place))
              .setCount(ranking.count(place))
              .build());
    }
    return rows;
  }

  private static ByteString key(Ranking ranking, int place) {
    return UnsafeByteOperations.unsafeWrap(ranking.key(place));
  }
}
