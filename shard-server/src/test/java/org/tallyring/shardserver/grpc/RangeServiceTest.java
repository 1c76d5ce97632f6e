package org.tallyring.shardserver.grpc;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.tallyring.shardserver.grpc.Refusals.refusal;
import static org.tallyring.shardserver.grpc.ShardCluster.FIRST;
import static org.tallyring.shardserver.grpc.ShardCluster.key;

import com.google.common.util.concurrent.Uninterruptibles;
import io.grpc.Status.Code;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.internal.v1.CollectTopKRequest;
import org.tallyring.proto.internal.v1.CollectTopKResponse;
import org.tallyring.proto.internal.v1.CollectedRange;
import org.tallyring.proto.internal.v1.Criterion;
import org.tallyring.proto.internal.v1.Growth;
import org.tallyring.proto.internal.v1.Interval;
import org.tallyring.proto.internal.v1.KeptFrom;
import org.tallyring.proto.internal.v1.QueryCountsRequest;
import org.tallyring.proto.internal.v1.QueryCountsResponse;
import org.tallyring.proto.internal.v1.QueryRankRequest;
import org.tallyring.proto.internal.v1.QueryRankingPageRequest;
import org.tallyring.proto.internal.v1.QuerySeriesRequest;
import org.tallyring.proto.internal.v1.QueryTopKRequest;
import org.tallyring.proto.internal.v1.QueryTopKResponse;
import org.tallyring.proto.internal.v1.RangePosition;
import org.tallyring.proto.internal.v1.RangeRanking;
import org.tallyring.proto.internal.v1.RangeRevision;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceBlockingStub;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceFutureStub;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.HeavyHitters;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.MetricFilter;
import org.tallyring.proto.v1.Morris;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.SlidingWindow;
import org.tallyring.proto.v1.Window;
import org.tallyring.shardserver.coordination.SessionState;
import org.tallyring.shardserver.engine.strategy.MorrisScale;
import org.tallyring.topology.window.WindowLevel;

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
  void placesPagesAndCriteriaSayHowGoodTheCountsAre() {
    define(
        MetricDefinition.newBuilder().setName("clicks"),
        MetricDefinition.newBuilder().setName("guesses").setMorris(Morris.getDefaultInstance()));
    record("guesses", "clicks");
    double error = new MorrisScale(MorrisScale.DEFAULT_BASE).standardError();
    QueryRankRequest rank =
        QueryRankRequest.newBuilder()
            .setNamespace("default")
            .setMetric("guesses")
            .setInterval(ALL)
            .setKey(key(0))
            .build();

    RangePosition position = ranges.queryRank(rank).getPositions(0);

    assertThat(position.getCount()).isEqualTo(1);
    assertThat(position.getQuality().getStandardError()).isEqualTo(error);
    assertThat(ranges.queryRank(rank.toBuilder().setMetric("clicks").build()).getPositions(0))
        .satisfies(exact -> assertThat(exact.hasQuality()).isFalse());
    assertThat(
            ranges
                .queryRankingPage(
                    QueryRankingPageRequest.newBuilder()
                        .setNamespace("default")
                        .setMetric("guesses")
                        .setInterval(ALL)
                        .setSize(5)
                        .build())
                .getPagesList())
        .filteredOn(page -> page.getTotal() > 0)
        .isNotEmpty()
        .allSatisfy(page -> assertThat(page.getQuality().getStandardError()).isEqualTo(error));
    assertThat(
            ranges
                .queryTopK(
                    topK(5).setCriterion(Criterion.newBuilder().addInclude("guesses")).build())
                .getRankingsList())
        .filteredOn(ranking -> ranking.getRangeId() == 0)
        .allSatisfy(
            ranking -> assertThat(ranking.getQuality().getStandardError()).isEqualTo(error));
  }

  @Test
  void questionsAboutEveryKeyOfHeavyHittersAreRefused() {
    define(
        MetricDefinition.newBuilder().setName("clicks"),
        MetricDefinition.newBuilder()
            .setName("hot")
            .setHeavyHitters(HeavyHitters.getDefaultInstance()));
    record("hot", "clicks");
    ThrowingCallable[] questions = {
      () ->
          ranges.queryRank(
              QueryRankRequest.newBuilder()
                  .setNamespace("default")
                  .setMetric("hot")
                  .setInterval(ALL)
                  .setKey(key(0))
                  .build()),
      () ->
          ranges.queryRankingPage(
              QueryRankingPageRequest.newBuilder()
                  .setNamespace("default")
                  .setMetric("hot")
                  .setInterval(ALL)
                  .setSize(5)
                  .build()),
      () ->
          ranges.queryTopK(
              topK(1)
                  .setCriterion(
                      Criterion.newBuilder()
                          .addWhere(
                              MetricFilter.newBuilder()
                                  .setMetric("hot")
                                  .setComparison(MetricFilter.Comparison.COMPARISON_BELOW)
                                  .setValue(1)))
                  .build())
    };
    for (ThrowingCallable question : questions) {
      refusal(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_BAD_STRATEGY, question);
    }
    RangeRanking beside =
        ranges
            .queryTopK(topK(1).setCriterion(Criterion.newBuilder().addInclude("hot")).build())
            .getRankings(0);
    assertThat(beside.getBesideList()).hasSize(beside.getCountsCount());
  }

  @Test
  void aCountBesideMustBeKeptToo() {
    define(
        MetricDefinition.newBuilder().setName("clicks"),
        MetricDefinition.newBuilder()
            .setName("recent")
            .setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(60_000)));
    record("recent", "clicks");
    QueryTopKRequest.Builder day =
        topK(1)
            .setInterval(
                Interval.newBuilder()
                    .setBucket(Window.WINDOW_DAY)
                    .setStartMillis(WindowLevel.DAY.start(ShardCluster.NOW))
                    .setEndMillis(WindowLevel.DAY.end(WindowLevel.DAY.start(ShardCluster.NOW))));
    assertThat(ranges.queryTopK(day.build()).getNotKeptList()).isEmpty();

    QueryTopKResponse mixed =
        ranges.queryTopK(day.setCriterion(Criterion.newBuilder().addInclude("recent")).build());

    assertThat(mixed.getNotKeptList()).extracting(KeptFrom::getRangeId).contains(0);
    assertThat(mixed.getRankingsList()).extracting(RangeRanking::getRangeId).doesNotContain(0);
  }

  @Test
  void growthIsToldWhatIsKeptOfTheHourAndOfTheBaseline() {
    define(
        MetricDefinition.newBuilder()
            .setName("recent")
            .setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(2_400_000)));
    record("recent");
    long hour = WindowLevel.HOUR.start(ShardCluster.NOW);
    Interval.Builder minutes =
        Interval.newBuilder()
            .setBucket(Window.WINDOW_MINUTE)
            .setStartMillis(hour - 3_600_000)
            .setEndMillis(hour);

    QueryTopKResponse response =
        ranges.queryTopK(
            topK(1)
                .setMetric("recent")
                .setInterval(
                    Interval.newBuilder()
                        .setBucket(Window.WINDOW_HOUR)
                        .setStartMillis(hour)
                        .setEndMillis(hour + 3_600_000))
                .setCriterion(
                    Criterion.newBuilder()
                        .setGrowth(
                            Growth.newBuilder()
                                .setBaseline(minutes)
                                .setElapsedMillis(1_800_000)
                                .setMinCount(1)))
                .build());

    assertThat(response.getNotKeptList())
        .filteredOn(kept -> kept.getRangeId() == 0)
        .extracting(KeptFrom::getBucket, KeptFrom::getKeptFromMillis)
        .contains(
            tuple(Window.WINDOW_MINUTE, ShardCluster.NOW - 2_400_000 - 300_000),
            tuple(Window.WINDOW_HOUR, hour));
  }

  private void define(MetricDefinition.Builder... metrics) {
    NamespaceDefinition.Builder definition =
        ShardCluster.DEFAULT.toBuilder().setRevision(1).clearMetrics();
    for (MetricDefinition.Builder metric : metrics) {
      definition.addMetrics(metric);
    }
    cluster.coordination.namespaces().tamper(definition.getName(), before -> definition.build());
  }

  private void record(String... metrics) {
    RecordRequest.Builder request = RecordRequest.newBuilder();
    for (String metric : metrics) {
      request.addIncrements(Increment.newBuilder().setKey(key(0)).setMetric(metric));
    }
    CounterServiceGrpc.newBlockingStub(cluster.channel(FIRST)).record(request.build());
  }

  @Test
  void withoutALiveSessionNothingIsRead() {
    cluster.connection(FIRST).suspend();
    assertNothingIsRead();
  }

  /** As after a stop of the process, which its clock tells before any news of the session does. */
  @Test
  void onceTheLeaseHasRunOutNothingIsReadUntilTheSessionIsProvenAlive() {
    cluster.connection(FIRST).outliveLease();
    assertThat(cluster.connection(FIRST).sessionState()).isEqualTo(SessionState.CONNECTED);
    assertNothingIsRead();

    cluster.connection(FIRST).proveSession();

    assertThat(ranges.queryTopK(topK(1).build()).getRankingsList()).isNotEmpty();
  }

  /** As when the process stops between question and answer: by now others may have counted on. */
  @Test
  void aReadThatEndsAfterTheLeaseIsNotAnswered() {
    CountDownLatch untilTheLeaseHasEnded = new CountDownLatch(1);
    cluster
        .range(FIRST, 0)
        .read(engine -> Uninterruptibles.awaitUninterruptibly(untilTheLeaseHasEnded, 20, SECONDS));
    RangeServiceFutureStub calls = RangeServiceGrpc.newFutureStub(cluster.channel(FIRST));
    List<Future<?>> answers =
        List.of(
            calls.collectTopK(CollectTopKRequest.getDefaultInstance()),
            calls.queryTopK(topK(1).build()));
    cluster.connection(FIRST).outliveLease();
    untilTheLeaseHasEnded.countDown();

    for (Future<?> answer : answers) {
      refusal(Code.UNAVAILABLE, ErrorReason.ERROR_REASON_NO_SESSION, () -> answer.get(20, SECONDS));
    }
  }

  private void assertNothingIsRead() {
    List<ThrowingCallable> reads =
        List.of(
            () -> ranges.collectTopK(CollectTopKRequest.getDefaultInstance()),
            () -> ranges.queryTopK(topK(1).build()),
            () -> ranges.queryRank(QueryRankRequest.getDefaultInstance()),
            () -> ranges.queryRankingPage(QueryRankingPageRequest.getDefaultInstance()),
            () -> ranges.queryCounts(QueryCountsRequest.getDefaultInstance()),
            () -> ranges.querySeries(QuerySeriesRequest.getDefaultInstance()));
    for (ThrowingCallable read : reads) {
      refusal(Code.UNAVAILABLE, ErrorReason.ERROR_REASON_NO_SESSION, read);
    }
  }
}
