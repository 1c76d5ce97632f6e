package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.tallyring.shardserver.grpc.Refusals.refusal;
import static org.tallyring.shardserver.grpc.ShardCluster.FIRST;
import static org.tallyring.shardserver.grpc.ShardCluster.key;

import io.grpc.Status.Code;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.internal.v1.CollectTopKRequest;
import org.tallyring.proto.internal.v1.CollectTopKResponse;
import org.tallyring.proto.internal.v1.CollectedRange;
import org.tallyring.proto.internal.v1.Interval;
import org.tallyring.proto.internal.v1.QueryCountsRequest;
import org.tallyring.proto.internal.v1.QueryCountsResponse;
import org.tallyring.proto.internal.v1.QueryTopKRequest;
import org.tallyring.proto.internal.v1.QueryTopKResponse;
import org.tallyring.proto.internal.v1.RangeRanking;
import org.tallyring.proto.internal.v1.RangeRevision;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceBlockingStub;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.Window;

final class RangeServiceTest {

  @RegisterExtension final InProcessGrpc grpc = new InProcessGrpc();

  private ShardCluster cluster;
  private RangeServiceBlockingStub ranges;

  @BeforeEach
  void recordSome() {
    cluster = new ShardCluster(grpc);
    ranges = RangeServiceGrpc.newBlockingStub(cluster.channel(FIRST));
    RecordRequest.Builder request = RecordRequest.newBuilder();
    for (int n = 0; n < 3; n++) {
      request.addIncrements(
          Increment.newBuilder().setKey(key("default", 0, n)).setMetric("clicks").setDelta(10 + n));
    }
    request.addIncrements(Increment.newBuilder().setKey(key(2)).setMetric("clicks"));
    CounterServiceGrpc.newBlockingStub(cluster.channel(FIRST)).record(request.build());
  }

  private static final Interval ALL = Interval.newBuilder().setBucket(Window.WINDOW_ALL).build();

  private static QueryTopKRequest.Builder topK(int k) {
    return QueryTopKRequest.newBuilder()
        .setNamespace("default")
        .setMetric("clicks")
        .setInterval(ALL)
        .setK(k);
  }

  @Test
  void aCollectorGetsEveryRangeServedHereAndRankingsOnlyOnce() {
    CollectTopKResponse first = ranges.collectTopK(CollectTopKRequest.getDefaultInstance());
    assertThat(first.getShardId()).isEqualTo(FIRST);
    List<RangeVersion> versions =
        first.getRangesList().stream().map(CollectedRange::getVersion).toList();
    assertThat(versions).extracting(RangeVersion::getRangeId).containsExactlyInAnyOrder(0, 1);
    assertThat(rankings(first)).extracting(RangeRanking::getRangeId).containsOnly(0);
    assertThat(rankings(first))
        .extracting(RangeRanking::getWindow)
        .containsExactlyInAnyOrder(
            Window.WINDOW_HOUR, Window.WINDOW_DAY, Window.WINDOW_MONTH, Window.WINDOW_ALL);

    CollectTopKResponse second =
        ranges.collectTopK(CollectTopKRequest.newBuilder().addAllKnown(versions).build());
    assertThat(second.getRangesCount()).isEqualTo(2);
    assertThat(rankings(second)).isEmpty();
  }

  @Test
  void aCollectorThatKnowsAnotherEpochGetsAllAgain() {
    RangeVersion other =
        RangeVersion.newBuilder().setRangeId(0).setEpoch(9).setVersion(1000).build();
    assertThat(
            rankings(ranges.collectTopK(CollectTopKRequest.newBuilder().addKnown(other).build())))
        .hasSize(4);
  }

  private static List<RangeRanking> rankings(CollectTopKResponse response) {
    return response.getRangesList().stream()
        .flatMap(range -> range.getRankingsList().stream())
        .toList();
  }

  @Test
  void theRankingOfAWindowComesFromEveryRangeBestFirst() {
    QueryTopKResponse response = ranges.queryTopK(topK(2).build());
    assertThat(response.getVersionsList())
        .extracting(RangeVersion::getRangeId, RangeVersion::getEpoch)
        .containsExactlyInAnyOrder(tuple(0, 1L), tuple(1, 1L));
    RangeRanking ranking =
        response.getRankingsList().stream()
            .filter(each -> each.getRangeId() == 0)
            .findFirst()
            .orElseThrow();
    assertThat(ranking.getKeys()).isEqualTo(key("default", 0, 2).concat(key("default", 0, 1)));
    assertThat(ranking.getCountsList()).containsExactly(12L, 11L);
  }

  @Test
  void countsOfRangesServedElsewhereAreLeftOut() {
    QueryCountsResponse response =
        ranges.queryCounts(
            QueryCountsRequest.newBuilder()
                .setNamespace("default")
                .setMetric("clicks")
                .setInterval(ALL)
                .addKeys(key(2))
                .addKeys(key(0))
                .build());
    assertThat(response.getCountsList())
        .containsExactly(KeyCount.newBuilder().setKey(key(0)).setCount(10).build());
    assertThat(response.getRangesList()).containsExactly(RangeRevision.getDefaultInstance());
  }

  @Test
  void badQueriesAreRefused() {
    for (int k : new int[] {0, -1, 1001}) {
      refusal(
          Code.INVALID_ARGUMENT,
          ErrorReason.ERROR_REASON_BAD_K,
          () -> ranges.queryTopK(topK(k).build()));
    }
    refusal(
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_WINDOW,
        () ->
            ranges.queryTopK(
                topK(1).setInterval(Interval.newBuilder().setBucketValue(99)).build()));
    refusal(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_METRIC_NOT_FOUND,
        () -> ranges.queryTopK(topK(1).setMetric("absent").build()));
    refusal(
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_SIZE,
        () -> ranges.queryCounts(QueryCountsRequest.getDefaultInstance()));
  }

  @Test
  void withoutALiveSessionNothingIsRead() {
    cluster.connection(FIRST).suspend();
    refusal(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_NO_SESSION,
        () -> ranges.collectTopK(CollectTopKRequest.getDefaultInstance()));
    refusal(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_NO_SESSION,
        () -> ranges.queryTopK(topK(1).build()));
    refusal(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_NO_SESSION,
        () -> ranges.queryCounts(QueryCountsRequest.getDefaultInstance()));
  }
}
