package org.tallyring.aggregator.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tallyring.aggregator.collect.WindowKey;
import org.tallyring.aggregator.fake.FakeShards;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.CountQuality;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetRankRequest;
import org.tallyring.proto.v1.GetRankResponse;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopKResponse;
import org.tallyring.proto.v1.GetTrendingRequest;
import org.tallyring.proto.v1.GetTrendingResponse;
import org.tallyring.proto.v1.HeavyHitters;
import org.tallyring.proto.v1.ListRankingRequest;
import org.tallyring.proto.v1.ListRankingResponse;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.MetricFilter;
import org.tallyring.proto.v1.MetricFilter.Comparison;
import org.tallyring.proto.v1.Morris;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RankedRow;
import org.tallyring.proto.v1.ScoreTerm;
import org.tallyring.proto.v1.SlidingWindow;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.TopKServiceGrpc.TopKServiceBlockingStub;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

/** Scores, ranks, pages and growth through a whole aggregator. */
final class RankingsGrpcTest {

  private static final long HALF_PAST_TEN = Instant.parse("2026-01-15T10:30:00Z").toEpochMilli();
  private static final long HOUR = 3_600_000;
  private static final WindowKey ALL = FakeShards.window(WindowLevel.ALL, 0);
  private static final WindowKey THIS_HOUR = FakeShards.window(WindowLevel.HOUR, HALF_PAST_TEN);
  private static final WindowKey LAST_HOUR =
      FakeShards.window(WindowLevel.HOUR, HALF_PAST_TEN - HOUR);
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private RunningAggregator running;
  private TopKServiceBlockingStub service;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    running = new RunningAggregator();
    service = TopKServiceGrpc.newBlockingStub(running.channel);
    running.shards.define(definition().build());
  }

  private static NamespaceDefinition.Builder definition() {
    return NamespaceDefinition.newBuilder()
        .setName("default")
        .setUid(FakeShards.UID)
        .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
        .addMetrics(MetricDefinition.newBuilder().setName("views"))
        .addMetrics(MetricDefinition.newBuilder().setName("purchases"))
        .addMetrics(
            MetricDefinition.newBuilder()
                .setName("guesses")
                .setMorris(Morris.newBuilder().setBase(2)))
        .addMetrics(
            MetricDefinition.newBuilder()
                .setName("hot")
                .setHeavyHitters(HeavyHitters.getDefaultInstance()))
        .addMetrics(
            MetricDefinition.newBuilder()
                .setName("recent")
                .setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(900_000)));
  }

  @Test
  void whatDoesNotHoldEveryKeyIsNotRankedButStandsBeside() {
    List<ThrowingCallable> questions =
        List.of(
            () -> top(request -> request.addWhere(filter("hot", Comparison.COMPARISON_ABOVE, 1))),
            () -> top(request -> request.addScore(term("hot", 1_000_000))),
            () -> top(request -> request.setMetric("hot").addInclude("clicks")),
            () -> rank(request -> request.setMetric("hot").setKey(key("a"))),
            () -> service.listRanking(ranking().setMetric("hot").build()),
            () -> service.getTrending(GetTrendingRequest.newBuilder().setMetric("hot").build()));

    for (ThrowingCallable question : questions) {
      assertRefused(
          question, Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_BAD_STRATEGY);
      assertThatThrownBy(question)
          .hasMessageContaining("metric: hot counts by heavy_hitters (expected: ");
    }
    assertThat(top(request -> request.setMetric("hot")).getItemsList()).isEmpty();
    running.shards.count(ALL, "a", 1);
    running.shards.count(FakeShards.of("hot", ALL), "a", 5);
    assertThat(top(request -> request.addInclude("hot")).getItems(0).getIncludedList())
        .containsExactly(5L);
  }

  @Test
  void everyAnswerIsAsGoodAsTheWorstRange() {
    CountQuality approximate = CountQuality.newBuilder().setStandardError(0.25).build();
    CountQuality bounded =
        CountQuality.newBuilder().setMaxError(7).setSinceMillis(HALF_PAST_TEN - HOUR).build();
    WindowKey hour = FakeShards.of("guesses", THIS_HOUR);
    WindowKey hourBefore = FakeShards.of("guesses", LAST_HOUR);
    running.shards.count(hour, "a", 50);
    running.shards.quality(0, hour, approximate);
    running.shards.quality(1, hour, bounded);
    running.shards.quality(2, hourBefore, CountQuality.newBuilder().setMaxError(9).build());
    WindowSelector current =
        WindowSelector.newBuilder().setWindow(Window.WINDOW_HOUR).setCurrent(true).build();

    for (AnswerLabel label :
        List.of(
            service
                .getTopK(
                    GetTopKRequest.newBuilder()
                        .setMetric("guesses")
                        .setWindow(current)
                        .addInclude("views")
                        .build())
                .getLabel(),
            rank(r -> r.setMetric("guesses").setWindow(current).setKey(key("a"))).getLabel(),
            service
                .listRanking(ranking().setMetric("guesses").setWindow(current).build())
                .getLabel(),
            service
                .getTrending(GetTrendingRequest.newBuilder().setMetric("guesses").build())
                .getLabel())) {
      assertThat(label.getExact()).isFalse();
      assertThat(label.getStandardError()).isEqualTo(0.25);
      assertThat(label.getMaxError()).isEqualTo(7);
      assertThat(label.getSinceTime().getSeconds()).isEqualTo((HALF_PAST_TEN - HOUR) / 1_000);
    }
    assertThat(
            rank(r ->
                    r.setMetric("guesses")
                        .setWindow(current)
                        .setKey(key("a"))
                        .setComparePrevious(true))
                .getLabel()
                .getMaxError())
        .as("the rank before rests on other buckets")
        .isEqualTo(9);
    assertThat(rank(r -> r.setKey(key("a"))).getLabel().getExact()).isTrue();
  }

  @Test
  void whatOneMetricDoesNotKeepSaysNothingOfAnother() {
    WindowKey minute = FakeShards.window(WindowLevel.MINUTE, HALF_PAST_TEN - 60_000);
    running.shards.count(minute, "a", 3);
    running.shards.count(FakeShards.of("recent", minute), "a", 2);
    for (int range = 0; range < 4; range++) {
      KeptBuckets horizon = KeptBuckets.EVERYTHING;
      for (WindowLevel level :
          List.of(WindowLevel.MINUTE, WindowLevel.HOUR, WindowLevel.DAY, WindowLevel.MONTH)) {
        horizon = horizon.butOf(level, level.end(level.start(HALF_PAST_TEN - 20 * 60_000)));
      }
      running.shards.keep(range, "recent", horizon);
    }
    WindowSelector span =
        WindowSelector.newBuilder()
            .setLast(com.google.protobuf.Duration.newBuilder().setSeconds(1_800))
            .build();

    assertRefused(
        () -> rank(r -> r.setMetric("recent").setWindow(span).setKey(key("a"))),
        Status.Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_WINDOW_NOT_RETAINED);
    assertRefused(
        () ->
            service.getTopK(
                GetTopKRequest.newBuilder().setWindow(span).addInclude("recent").build()),
        Status.Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_WINDOW_NOT_RETAINED);
    assertThat(rank(r -> r.setWindow(span).setKey(key("a"))).getRank()).isEqualTo(1);
  }

  @Test
  void aFinalRankingIsAskedAgainWhenAnyOfItsMetricsIsCorrectedOrSwapped() {
    running.shards.count(FakeShards.of("views", LAST_HOUR), "a", 3);
    running.shards.count(LAST_HOUR, "a", 1);
    WindowSelector sealed =
        WindowSelector.newBuilder().setWindow(Window.WINDOW_HOUR).setSealed(true).build();
    GetTopKRequest beside =
        GetTopKRequest.newBuilder()
            .setMetric("views")
            .setWindow(sealed)
            .addInclude("clicks")
            .build();
    assertThat(service.getTopK(beside).getItems(0).getIncludedList()).containsExactly(1L);

    running.shards.correct(LAST_HOUR, "a", 6);

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(service.getTopK(beside).getItems(0).getIncludedList())
                    .containsExactly(7L));
    running.shards.quality(
        running.shards.rangeOf("a"),
        FakeShards.of("views", LAST_HOUR),
        CountQuality.newBuilder().setStandardError(0.25).build());
    assertThat(service.getTopK(beside).getLabel().getExact()).as("kept").isTrue();
    running.shards.define(definition().setRevision(2).build());
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(service.getTopK(beside).getLabel().getExact()).isFalse());
  }

  @Test
  void growthWithoutAWholeHourBeforeIsComparedWithMinutes() {
    running.shards.count(FakeShards.of("recent", THIS_HOUR), "a", 50);
    running.shards.count(
        FakeShards.of("recent", FakeShards.window(WindowLevel.MINUTE, HALF_PAST_TEN - 40 * 60_000)),
        "a",
        4);
    long floor = HALF_PAST_TEN - 65 * 60_000;
    KeptBuckets horizon =
        KeptBuckets.EVERYTHING
            // What a sliding window keeps begins at any millisecond.
            .butOf(WindowLevel.MINUTE, floor - 59_999)
            .butOf(WindowLevel.HOUR, WindowLevel.HOUR.end(WindowLevel.HOUR.start(floor)));
    for (int range = 0; range < 4; range++) {
      running.shards.keep(range, "recent", horizon);
    }

    GetTrendingResponse trending =
        service.getTrending(GetTrendingRequest.newBuilder().setMetric("recent").build());

    assertThat(trending.getItems(0).getKey()).isEqualTo(key("a"));
    assertThat(trending.getBaselineHours()).isZero();
    assertThat(trending.getBaselineStartTime().getSeconds()).isEqualTo(floor / 1_000);

    for (int range = 0; range < 4; range++) {
      running.shards.keep(
          range,
          "recent",
          horizon.butOf(
              WindowLevel.HOUR, WindowLevel.HOUR.end(WindowLevel.HOUR.start(floor) + HOUR)));
    }
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertRefused(
                    () ->
                        service.getTrending(
                            GetTrendingRequest.newBuilder().setMetric("recent").setK(3).build()),
                    Status.Code.NOT_FOUND,
                    ErrorReason.ERROR_REASON_WINDOW_NOT_RETAINED));
  }

  @AfterEach
  void stop() {
    running.close();
  }

  @Test
  void otherMetricsStandBesideTheCountAndLimitTheRanking() {
    for (int i = 1; i <= 20; i++) {
      running.shards.count(ALL, "k" + i, i);
      running.shards.count(FakeShards.of("views", ALL), "k" + i, 100 * i);
      running.shards.count(FakeShards.of("purchases", ALL), "k" + i, 20 - i);
    }

    GetTopKResponse top =
        top(
            request ->
                request
                    .setK(3)
                    .addInclude("views")
                    .addInclude("purchases")
                    .addWhere(filter("purchases", Comparison.COMPARISON_AT_LEAST, 10))
                    .addWhere(filter("views", Comparison.COMPARISON_BELOW, 1000)));

    assertThat(top.getItemsList())
        .extracting(item -> item.getKey().toStringUtf8())
        .containsExactly("k9", "k8", "k7");
    assertThat(top.getItems(0).getIncludedList()).containsExactly(900L, 11L);
    assertThat(top.getItems(0).getCount()).isEqualTo(9);
    assertThat(top.getItems(0).getScoreMicros()).isZero();
    assertThat(top.getLabel().getRangesIncluded()).isEqualTo(4);
  }

  @Test
  void theBestByScoreAreMergedFromTheBestByScoreOfEachRange() {
    for (int i = 1; i <= 100; i++) {
      running.shards.count(ALL, "k" + i, 1_000 + i);
    }
    for (int i = 1; i <= 10; i++) {
      running.shards.count(ALL, "bought" + i, i);
      running.shards.count(FakeShards.of("purchases", ALL), "bought" + i, 500 + i);
    }

    GetTopKResponse top =
        top(
            request ->
                request
                    .setK(10)
                    .addInclude("purchases")
                    .addScore(term("clicks", 100_000))
                    .addScore(term("purchases", 10_000_000)));

    assertThat(top.getItemsList())
        .extracting(item -> item.getKey().toStringUtf8())
        .containsExactly(
            "bought10",
            "bought9",
            "bought8",
            "bought7",
            "bought6",
            "bought5",
            "bought4",
            "bought3",
            "bought2",
            "bought1");
    assertThat(top.getItems(0).getScoreMicros()).isEqualTo(5_101_000_000L);
    assertThat(top.getItems(0).getCount()).isEqualTo(10);
    assertThat(top.getItems(0).getIncludedList()).containsExactly(510L);
  }

  @Test
  void aScoreThatOverflowsAtOneShardFailsTheCall() {
    running.shards.count(ALL, "k", Long.MAX_VALUE);
    assertRefused(
        () -> top(request -> request.addScore(term("clicks", 10_000_000))),
        Status.Code.OUT_OF_RANGE,
        ErrorReason.ERROR_REASON_COUNT_OVERFLOW);
  }

  @Test
  void badCriteriaAreRefused() {
    assertBad(request -> request.addInclude("views").addInclude("views"));
    assertBad(request -> request.addInclude(""));
    assertBad(request -> request.addWhere(filter("views", Comparison.COMPARISON_UNSPECIFIED, 1)));
    assertBad(
        request ->
            request.addWhere(MetricFilter.newBuilder().setMetric("views").setComparisonValue(9)));
    assertBad(
        request ->
            request
                .addWhere(filter("views", Comparison.COMPARISON_EQUAL, 1))
                .addWhere(filter("views", Comparison.COMPARISON_EQUAL, 1)));
    assertBad(request -> request.addScore(term("views", 0)));
    assertBad(request -> request.addScore(term("views", 1_000_000_000_000_001L)));
    assertBad(request -> request.addScore(term("views", Long.MIN_VALUE)));
    assertBad(request -> request.addScore(term("views", 1)).addScore(term("views", 2)));
    assertBad(
        request -> {
          for (int i = 0; i < 9; i++) {
            request.addScore(term("m" + i, 1));
          }
          return request;
        });
    for (UnaryOperator<GetTopKRequest.Builder> unknown :
        List.<UnaryOperator<GetTopKRequest.Builder>>of(
            request -> request.addInclude("smiles"),
            request -> request.addWhere(filter("smiles", Comparison.COMPARISON_EQUAL, 1)),
            request -> request.addScore(term("smiles", 1)))) {
      assertRefused(
          () -> top(unknown), Status.Code.NOT_FOUND, ErrorReason.ERROR_REASON_METRIC_NOT_FOUND);
    }
  }

  @Test
  void aRankCountsTheKeysOfAllRanges() {
    for (int i = 1; i <= 50; i++) {
      running.shards.count(ALL, String.format("k%02d", i), 100 - i / 2);
    }

    GetRankResponse rank = rank(request -> request.setKey(key("k21")).setNeighbors(2));

    assertThat(rank.getRank()).isEqualTo(21);
    assertThat(rank.getTotal()).isEqualTo(50);
    assertThat(rank.getCount()).isEqualTo(90);
    assertThat(rank.getAboveList()).containsExactly(row(19, "k19", 91), row(20, "k20", 90));
    assertThat(rank.getBelowList()).containsExactly(row(22, "k22", 89), row(23, "k23", 89));
    assertThat(rank.hasPreviousRank()).isFalse();
    assertThat(rank.getLabel().getWindow()).isEqualTo(Window.WINDOW_ALL);
    assertThat(rank.getLabel().getRangesIncluded()).isEqualTo(4);
    assertThat(rank(request -> request.setKey(key("k01")).setNeighbors(1)).getAboveList())
        .isEmpty();
  }

  @Test
  void aKeyThatWasNotCountedHasNoRank() {
    running.shards.count(ALL, "a", 1);
    GetRankResponse rank = rank(request -> request.setKey(key("nobody")).setNeighbors(5));
    assertThat(rank.getRank()).isZero();
    assertThat(rank.getTotal()).isEqualTo(1);
    assertThat(rank.getAboveCount() + rank.getBelowCount()).isZero();
  }

  @Test
  void aRankIsComparedWithTheWindowBefore() {
    for (int i = 1; i <= 9; i++) {
      running.shards.count(THIS_HOUR, "k" + i, i);
      running.shards.count(LAST_HOUR, "k" + i, 10 - i);
    }
    running.shards.count(THIS_HOUR, "new", 100);
    WindowSelector hour =
        WindowSelector.newBuilder().setWindow(Window.WINDOW_HOUR).setCurrent(true).build();

    GetRankResponse rank =
        rank(request -> request.setKey(key("k9")).setWindow(hour).setComparePrevious(true));
    assertThat(rank.getRank()).isEqualTo(2);
    assertThat(rank.getPreviousRank()).isEqualTo(9);
    rank = rank(request -> request.setKey(key("new")).setWindow(hour).setComparePrevious(true));
    assertThat(rank.hasPreviousRank()).isTrue();
    assertThat(rank.getPreviousRank()).isZero();
  }

  @Test
  void aRankInASpanRestsOnBucketsThatEveryRangeKeeps() {
    WindowKey minute = FakeShards.window(WindowLevel.MINUTE, HALF_PAST_TEN - 60_000);
    running.shards.count(minute, "a", 3);
    running.shards.count(minute, "b", 5);
    running.shards.count(LAST_HOUR, "a", 7);
    running.shards.count(FakeShards.window(WindowLevel.HOUR, HALF_PAST_TEN - 25 * HOUR), "b", 1);
    WindowSelector day =
        WindowSelector.newBuilder()
            .setLast(com.google.protobuf.Duration.newBuilder().setSeconds(86_400))
            .build();
    GetRankResponse rank = rank(request -> request.setKey(key("a")).setWindow(day));
    assertThat(rank.getLabel().getBucket()).isEqualTo(Window.WINDOW_MINUTE);
    assertThat(rank.getRank()).isEqualTo(2);

    for (int range = 0; range < 4; range++) {
      running.shards.keep(
          range, KeptBuckets.EVERYTHING.butOf(WindowLevel.MINUTE, HALF_PAST_TEN - 12 * HOUR));
    }

    rank = rank(request -> request.setKey(key("a")).setWindow(day).setComparePrevious(true));
    assertThat(rank.getLabel().getBucket()).isEqualTo(Window.WINDOW_HOUR);
    assertThat(rank.getLabel().getRangesIncluded()).isEqualTo(4);
    assertThat(rank.getRank()).isEqualTo(1);
    assertThat(rank.getCount()).isEqualTo(7);
    assertThat(rank.getPreviousRank()).isZero();
    assertThat(service.listRanking(ranking().setWindow(day).build()).getRowsList())
        .containsExactly(row(1, "a", 7));
  }

  @Test
  void theBaselineOfGrowthIsWhatEveryRangeKeeps() {
    running.shards.count(THIS_HOUR, "a", 50);
    running.shards.count(LAST_HOUR, "a", 12);
    running.shards.keep(
        1,
        KeptBuckets.EVERYTHING.butOf(
            WindowLevel.HOUR, WindowLevel.HOUR.start(HALF_PAST_TEN - 3 * HOUR)));

    GetTrendingResponse trending = service.getTrending(GetTrendingRequest.getDefaultInstance());

    assertThat(trending.getBaselineHours()).isEqualTo(3);
    assertThat(trending.getItems(0).getBaselineMean()).isEqualTo(4);
    assertThat(trending.getLabel().getRangesIncluded()).isEqualTo(4);
  }

  @Test
  void badQuestionsForRanksAreRefused() {
    assertRefused(
        () -> rank(request -> request.setKey(key("a")).setNeighbors(101)),
        Status.Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_PARAMETER);
    assertRefused(
        () -> rank(request -> request.setKey(key("a")).setNeighbors(-1)),
        Status.Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_PARAMETER);
    assertRefused(
        () -> rank(request -> request),
        Status.Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_KEY);
    assertRefused(
        () -> rank(request -> request.setKey(key("a")).setComparePrevious(true)),
        Status.Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_WINDOW);
    assertRefused(
        () -> rank(request -> request.setKey(key("a")).setMetric("smiles")),
        Status.Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_METRIC_NOT_FOUND);
  }

  @Test
  void aKeyWhoseRangeHasNoOwnerHasNoRankAndOthersSayWhatIsMissing() {
    running.shards.count(ALL, "a", 1);
    running.servers.kill("shard-2");
    int lost = 1;
    String lostKey = keyOfRange(lost);
    String keptKey = keyOfRange(0);

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(rank(r -> r.setKey(key(keptKey))).getLabel().getRangesIncluded())
                    .isEqualTo(2));
    assertRefused(
        () -> rank(request -> request.setKey(key(lostKey))),
        Status.Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_RANGE_UNAVAILABLE);
    assertRefused(
        () -> rank(request -> request.setKey(key(keptKey)).setRequireComplete(true)),
        Status.Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_INCOMPLETE);
  }

  private String keyOfRange(int range) {
    int i = 0;
    while (running.shards.rangeOf("x" + i) != range) {
      i++;
    }
    return "x" + i;
  }

  @Test
  void pagesShowTheWholeRankingAsItWasAtTheFirst() {
    List<RankedRow> expected = new ArrayList<>();
    for (int i = 1; i <= 250; i++) {
      running.shards.count(ALL, String.format("k%03d", i), 500 - i / 3);
      expected.add(row(i, String.format("k%03d", i), 500 - i / 3));
    }

    List<RankedRow> rows = new ArrayList<>();
    ListRankingRequest.Builder request = ranking().setPageSize(40);
    int pages = 0;
    ListRankingResponse page;
    do {
      page = service.listRanking(request.build());
      assertThat(page.getTotal()).isEqualTo(250);
      assertThat(page.getLabel().getRangesIncluded()).isEqualTo(4);
      rows.addAll(page.getRowsList());
      request.setPageToken(page.getNextPageToken());
      running.shards.count(ALL, "k250", 1_000);
      running.shards.count(ALL, "new" + pages, 5);
      pages++;
    } while (!page.getNextPageToken().isEmpty());

    assertThat(rows).isEqualTo(expected);
    assertThat(pages).isEqualTo(7);
  }

  @Test
  void aPageHasThousandRowsAtMostAndAHundredByDefault() {
    for (int i = 1; i <= 1_200; i++) {
      running.shards.count(ALL, "k" + i, 1);
    }
    assertThat(service.listRanking(ranking().setPageSize(Integer.MAX_VALUE).build()).getRowsCount())
        .isEqualTo(1_000);
    assertThat(service.listRanking(ranking().build()).getRowsCount()).isEqualTo(100);
    assertRefused(
        () -> service.listRanking(ranking().setPageSize(0).build()),
        Status.Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_SIZE);
  }

  @Test
  void anEmptyRankingHasOnePage() {
    ListRankingResponse page = service.listRanking(ranking().build());
    assertThat(page.getRowsList()).isEmpty();
    assertThat(page.getNextPageToken()).isEmpty();
  }

  @Test
  void aTokenWhoseViewsAreGoneHasExpired() {
    String token = tokenOfFirstPage();
    running.shards.expireViews();
    assertRefused(
        () -> service.listRanking(ranking().setPageToken(token).build()),
        Status.Code.FAILED_PRECONDITION,
        ErrorReason.ERROR_REASON_CURSOR_EXPIRED);
  }

  @Test
  void aTokenHasExpiredWhenARangeGotAnotherOwner() {
    String token = tokenOfFirstPage();
    running.shards.move(0, "shard-2");
    running.shards.tellWatchers();
    assertRefused(
        () -> service.listRanking(ranking().setPageToken(token).build()),
        Status.Code.FAILED_PRECONDITION,
        ErrorReason.ERROR_REASON_CURSOR_EXPIRED);
  }

  @Test
  void aLaterPageNeverLacksARangeOfTheFirst() {
    String token = tokenOfFirstPage();
    running.servers.kill("shard-2");
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertRefused(
                    () -> service.listRanking(ranking().setPageToken(token).build()),
                    Status.Code.UNAVAILABLE,
                    ErrorReason.ERROR_REASON_INCOMPLETE));
  }

  @Test
  void aTokenOfSomethingElseIsRefused() {
    String token = tokenOfFirstPage();
    for (ListRankingRequest.Builder request :
        List.of(
            ranking().setPageToken("rubbish"),
            ranking().setPageToken("%%%"),
            ranking().setPageToken("AAAA"),
            ranking().setPageToken(token.substring(0, token.length() - 4)),
            ranking().setPageToken((token.charAt(0) == 'A' ? "B" : "A") + token.substring(1)),
            ranking().setPageToken(token).setMetric("views"),
            ranking()
                .setPageToken(token)
                .setWindow(WindowSelector.newBuilder().setWindow(Window.WINDOW_DAY)))) {
      assertRefused(
          () -> service.listRanking(request.build()),
          Status.Code.INVALID_ARGUMENT,
          ErrorReason.ERROR_REASON_BAD_CURSOR);
    }
    // The namespace deleted and made again is another one.
    running.shards.define(
        NamespaceDefinition.newBuilder()
            .setName("other")
            .setUid(99)
            .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
            .build());
    assertRefused(
        () -> service.listRanking(ranking().setNamespace("other").setPageToken(token).build()),
        Status.Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_CURSOR);
  }

  private String tokenOfFirstPage() {
    for (int i = 1; i <= 50; i++) {
      running.shards.count(ALL, "k" + i, i);
    }
    String token = service.listRanking(ranking().setPageSize(10).build()).getNextPageToken();
    assertThat(token).isNotEmpty();
    return token;
  }

  @Test
  void whatGrowsIsComparedWithItsOwnHoursBefore() {
    running.shards.count(THIS_HOUR, "rising", 50);
    running.shards.count(LAST_HOUR, "rising", 12);
    running.shards.count(THIS_HOUR, "falling", 60);
    running.shards.count(LAST_HOUR, "falling", 600);
    running.shards.count(THIS_HOUR, "rare", 9);

    GetTrendingResponse trending = service.getTrending(GetTrendingRequest.getDefaultInstance());

    assertThat(trending.getItemsList()).hasSize(1);
    assertThat(trending.getItems(0).getKey()).isEqualTo(key("rising"));
    assertThat(trending.getItems(0).getRank()).isEqualTo(1);
    assertThat(trending.getItems(0).getCount()).isEqualTo(50);
    assertThat(trending.getItems(0).getBaselineCount()).isEqualTo(12);
    assertThat(trending.getItems(0).getBaselineMean()).isEqualTo(0.5);
    assertThat(trending.getItems(0).getScoreMicros()).isEqualTo(38_000_000);
    assertThat(trending.getBaselineHours()).isEqualTo(24);
    assertThat(trending.getLabel().getWindow()).isEqualTo(Window.WINDOW_HOUR);
    assertThat(trending.getLabel().getFinal()).isFalse();
    assertThat(
            service
                .getTrending(
                    GetTrendingRequest.newBuilder()
                        .setMinCount(5)
                        .setBaselineHours(1)
                        .setK(5)
                        .build())
                .getItemsList())
        .extracting(item -> item.getKey().toStringUtf8())
        .containsExactly("rising", "rare");
  }

  @Test
  void badQuestionsForGrowthAreRefused() {
    for (GetTrendingRequest.Builder request :
        List.of(
            GetTrendingRequest.newBuilder().setMinCount(0),
            GetTrendingRequest.newBuilder().setBaselineHours(0),
            GetTrendingRequest.newBuilder().setBaselineHours(169))) {
      assertRefused(
          () -> service.getTrending(request.build()),
          Status.Code.INVALID_ARGUMENT,
          ErrorReason.ERROR_REASON_BAD_PARAMETER);
    }
    assertRefused(
        () -> service.getTrending(GetTrendingRequest.newBuilder().setK(1001).build()),
        Status.Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_K);
  }

  private void assertBad(UnaryOperator<GetTopKRequest.Builder> criterion) {
    assertRefused(
        () -> top(criterion), Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BAD_PARAMETER);
  }

  private static void assertRefused(ThrowingCallable call, Status.Code code, ErrorReason reason) {
    assertThatThrownBy(call)
        .satisfies(
            failure -> {
              assertThat(Errors.reasonOf(failure)).isEqualTo(reason);
              assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(code);
            });
  }

  private GetTopKResponse top(UnaryOperator<GetTopKRequest.Builder> question) {
    return service.getTopK(question.apply(GetTopKRequest.newBuilder().setWindow(all())).build());
  }

  private GetRankResponse rank(UnaryOperator<GetRankRequest.Builder> question) {
    return service.getRank(question.apply(GetRankRequest.newBuilder().setWindow(all())).build());
  }

  private static ListRankingRequest.Builder ranking() {
    return ListRankingRequest.newBuilder().setWindow(all());
  }

  private static WindowSelector all() {
    return WindowSelector.newBuilder().setWindow(Window.WINDOW_ALL).build();
  }

  private static MetricFilter filter(String metric, Comparison comparison, long value) {
    return MetricFilter.newBuilder()
        .setMetric(metric)
        .setComparison(comparison)
        .setValue(value)
        .build();
  }

  private static ScoreTerm term(String metric, long weightMicros) {
    return ScoreTerm.newBuilder().setMetric(metric).setWeightMicros(weightMicros).build();
  }

  private static RankedRow row(long rank, String key, long count) {
    return RankedRow.newBuilder().setRank(rank).setKey(key(key)).setCount(count).build();
  }

  private static ByteString key(String key) {
    return ByteString.copyFromUtf8(key);
  }
}
