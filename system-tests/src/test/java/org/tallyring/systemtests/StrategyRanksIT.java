package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.CreateMetricRequest;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.Distinct;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.FixedWindow;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetRankRequest;
import org.tallyring.proto.v1.GetRankResponse;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopKResponse;
import org.tallyring.proto.v1.HeavyHitters;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.ListRankingRequest;
import org.tallyring.proto.v1.ListRankingResponse;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.Morris;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RankedRow;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.ScoreTerm;
import org.tallyring.proto.v1.SlidingWindow;
import org.tallyring.proto.v1.SwapMetricRequest;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.driver.ClusterApi;
import org.tallyring.systemtests.process.Processes;

/**
 * Whole rankings and ranks of metrics of every strategy are those of a sort of all their counts,
 * and labelled as these are, before and after a swap and a restart.
 */
final class StrategyRanksIT {

  private static final String NAMESPACE = "strategies";
  private static final int KEYS = 150;
  private static final long SEED = 20_240_229;
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final WindowSelector ALL =
      WindowSelector.newBuilder().setWindow(Window.WINDOW_ALL).build();
  private static final WindowSelector HALF_AN_HOUR =
      WindowSelector.newBuilder()
          .setLast(com.google.protobuf.Duration.newBuilder().setSeconds(1_800))
          .build();

  @RegisterExtension static final Processes processes = new Processes();

  @SuppressWarnings("NullAway.Init")
  private static Standalone cluster;

  @BeforeAll
  static void recordSome() {
    cluster = Standalone.start(processes);
    cluster
        .api()
        .admin()
        .createNamespace(
            CreateNamespaceRequest.newBuilder()
                .setNamespace(
                    NamespaceDefinition.newBuilder()
                        .setName(NAMESPACE)
                        .addMetrics(metric("clicks")))
                .build());
    create(metric("views").setMorris(Morris.getDefaultInstance()));
    create(metric("visitors").setDistinct(Distinct.getDefaultInstance()));
    create(
        metric("recent").setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(3_600_000)));
    create(metric("hot").setHeavyHitters(HeavyHitters.newBuilder().setMaxMapSize(8)));
    Random random = new Random(SEED);
    for (int batch = 0; batch < 8; batch++) {
      RecordRequest.Builder request = RecordRequest.newBuilder().setNamespace(NAMESPACE);
      for (int i = 0; i < 300; i++) {
        ByteString key = key((int) (KEYS * Math.pow(random.nextDouble(), 2)));
        ByteString user = ByteString.copyFromUtf8("user-" + random.nextInt(200));
        for (String metric : List.of("clicks", "views", "visitors", "recent", "hot")) {
          request.addIncrements(
              Increment.newBuilder()
                  .setKey(key)
                  .setMetric(metric)
                  .setUser(user)
                  .setDelta(1 + i % 3));
        }
      }
      cluster.api().counters().record(request.build());
    }
  }

  @AfterAll
  static void close() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void ranksAreThoseOfASortOfAllCountsBeforeAndAfterASwapAndARestart() {
    assertRanked("clicks", ALL, true);
    assertRanked("recent", ALL, true);
    assertRanked("recent", HALF_AN_HOUR, true);
    assertRanked("views", ALL, false);
    assertRanked("visitors", ALL, false);
    assertRanked("visitors", HALF_AN_HOUR, false);
    assertMixedByTheWorst();
    assertHeavyHittersStandBesideOnly();

    cluster
        .api()
        .admin()
        .swapMetric(
            SwapMetricRequest.newBuilder()
                .setNamespace(NAMESPACE)
                .setMetric(metric("views").setFixedWindow(FixedWindow.getDefaultInstance()))
                .build());
    cluster
        .api()
        .counters()
        .record(
            RecordRequest.newBuilder()
                .setNamespace(NAMESPACE)
                .addIncrements(Increment.newBuilder().setKey(key(0)).setMetric("views").setDelta(9))
                .build());

    assertRanked("views", ALL, false);
    cluster.process().kill9();
    cluster.restart();
    assertRanked("views", ALL, false);
    assertRanked("visitors", HALF_AN_HOUR, false);
    assertRanked("recent", HALF_AN_HOUR, true);
  }

  /** Views lag by a second at most. */
  private static void assertRanked(String metric, WindowSelector window, boolean exact) {
    await(metric)
        .atMost(LIMIT)
        .ignoreExceptions()
        .untilAsserted(() -> assertRankedNow(metric, window, exact));
  }

  private static void assertRankedNow(String metric, WindowSelector window, boolean exact) {
    ClusterApi api = cluster.api();
    GetCountsRequest.Builder all =
        GetCountsRequest.newBuilder()
            .setNamespace(NAMESPACE)
            .setMetric(metric)
            .setWindow(window)
            .setRequireComplete(true);
    for (int i = 0; i < KEYS; i++) {
      all.addKeys(key(i));
    }
    List<KeyCount> sorted =
        api.counters().getCounts(all.build()).getCountsList().stream()
            .filter(count -> count.getCount() != 0)
            .sorted(
                Comparator.comparingLong(KeyCount::getCount)
                    .reversed()
                    .thenComparing(
                        KeyCount::getKey, ByteString.unsignedLexicographicalComparator()))
            .toList();
    List<RankedRow> expected = new ArrayList<>();
    for (KeyCount count : sorted) {
      expected.add(
          RankedRow.newBuilder()
              .setRank(expected.size() + 1)
              .setKey(count.getKey())
              .setCount(count.getCount())
              .build());
    }
    assertThat(expected).hasSizeGreaterThan(KEYS / 2);
    List<RankedRow> rows = new ArrayList<>();
    ListRankingRequest.Builder request =
        ListRankingRequest.newBuilder()
            .setNamespace(NAMESPACE)
            .setMetric(metric)
            .setWindow(window)
            .setPageSize(40)
            .setRequireComplete(true);
    ListRankingResponse page;
    do {
      page = api.rankings().listRanking(request.build());
      assertQuality(page.getLabel(), exact);
      rows.addAll(page.getRowsList());
      request.setPageToken(page.getNextPageToken());
    } while (!page.getNextPageToken().isEmpty());
    assertThat(rows).isEqualTo(expected);
    RankedRow some = expected.get(expected.size() / 3);
    GetRankResponse rank =
        api.rankings()
            .getRank(
                GetRankRequest.newBuilder()
                    .setNamespace(NAMESPACE)
                    .setMetric(metric)
                    .setWindow(window)
                    .setKey(some.getKey())
                    .setNeighbors(2)
                    .setRequireComplete(true)
                    .build());
    assertThat(rank.getRank()).isEqualTo(some.getRank());
    assertThat(rank.getTotal()).isEqualTo(expected.size());
    assertThat(rank.getCount()).isEqualTo(some.getCount());
    int place = (int) some.getRank() - 1;
    assertThat(rank.getAboveList()).isEqualTo(expected.subList(place - 2, place));
    assertThat(rank.getBelowList()).isEqualTo(expected.subList(place + 1, place + 3));
    assertQuality(rank.getLabel(), exact);
  }

  private static void assertQuality(AnswerLabel label, boolean exact) {
    assertThat(label.getExact()).isEqualTo(exact);
    assertThat(label.getStandardError() > 0).isEqualTo(!exact);
    assertThat(label.hasSinceTime()).isFalse();
  }

  private static void assertMixedByTheWorst() {
    GetTopKResponse scored =
        top(
            request ->
                request
                    .addInclude("recent")
                    .addScore(term("clicks", 1_000_000))
                    .addScore(term("visitors", 500_000)));
    assertThat(scored.getItemsList()).hasSize(10);
    assertThat(scored.getItems(0).getCount()).isEqualTo(scored.getItems(0).getIncluded(0));
    assertQuality(scored.getLabel(), false);
    assertQuality(top(request -> request.addInclude("recent")).getLabel(), true);
  }

  private static void assertHeavyHittersStandBesideOnly() {
    GetTopKResponse beside = top(request -> request.addInclude("hot"));
    assertThat(beside.getLabel().getMaxError()).isPositive();
    assertThat(beside.getLabel().getExact()).isFalse();
    assertThatThrownBy(() -> top(request -> request.addScore(term("hot", 1_000_000))))
        .satisfies(
            refused ->
                assertThat(Errors.reasonOf(refused))
                    .isEqualTo(ErrorReason.ERROR_REASON_BAD_STRATEGY));
  }

  private static GetTopKResponse top(UnaryOperator<GetTopKRequest.Builder> question) {
    return cluster
        .api()
        .rankings()
        .getTopK(
            question
                .apply(
                    GetTopKRequest.newBuilder()
                        .setNamespace(NAMESPACE)
                        .setMetric("clicks")
                        .setWindow(ALL)
                        .setRequireComplete(true))
                .build());
  }

  private static ScoreTerm term(String metric, long weightMicros) {
    return ScoreTerm.newBuilder().setMetric(metric).setWeightMicros(weightMicros).build();
  }

  private static MetricDefinition.Builder metric(String name) {
    return MetricDefinition.newBuilder().setName(name);
  }

  private static void create(MetricDefinition.Builder metric) {
    cluster
        .api()
        .admin()
        .createMetric(
            CreateMetricRequest.newBuilder().setNamespace(NAMESPACE).setMetric(metric).build());
  }

  private static ByteString key(int number) {
    return ByteString.copyFromUtf8("sku-" + number);
  }
}
