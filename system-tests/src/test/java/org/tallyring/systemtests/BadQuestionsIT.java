package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.CreateMetricRequest;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetRankRequest;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.HeavyHitters;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.ListNamespacesRequest;
import org.tallyring.proto.v1.ListRankingRequest;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.MetricFilter;
import org.tallyring.proto.v1.Morris;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.ScoreTerm;
import org.tallyring.proto.v1.SetThresholdRequest;
import org.tallyring.proto.v1.SlidingWindow;
import org.tallyring.proto.v1.SwapMetricRequest;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.proto.v1.WatchEventsRequest;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.driver.ClusterApi;
import org.tallyring.systemtests.driver.ClusterApi.RestAnswer;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.process.Processes;

/**
 * Nonsense in the fields of strategies, spans, criteria, pages, rules and event ids is refused with
 * a code and a reason, over gRPC, REST and on the command line; definitions and counts stay as they
 * were.
 */
final class BadQuestionsIT {

  private static final WindowSelector ALL =
      WindowSelector.newBuilder().setWindow(Window.WINDOW_ALL).build();

  @RegisterExtension static final Processes processes = new Processes();

  @SuppressWarnings("NullAway.Init")
  private static Standalone cluster;

  @SuppressWarnings("NullAway.Init")
  private static ClusterApi api;

  private List<NamespaceDefinition> definitionsBefore = List.of();
  private long incrementsBefore;

  @BeforeAll
  static void startCluster() {
    cluster = Standalone.start(processes);
    api = cluster.api();
    for (String namespace : List.of("shop", "other")) {
      api.admin()
          .createNamespace(
              CreateNamespaceRequest.newBuilder()
                  .setNamespace(
                      NamespaceDefinition.newBuilder()
                          .setName(namespace)
                          .addMetrics(metric("clicks"))
                          .addMetrics(metric("views")))
                  .build());
      RecordRequest.Builder request = RecordRequest.newBuilder().setNamespace(namespace);
      for (int i = 0; i < 20; i++) {
        request.addIncrements(increment("sku-" + i).setDelta(Long.MAX_VALUE / 2 - i));
      }
      api.counters().record(request.build());
      api.awaitFreshRankings(namespace, "clicks");
    }
  }

  @AfterAll
  static void closeCluster() {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static List<NamespaceDefinition> definitions() {
    return api.admin()
        .listNamespaces(ListNamespacesRequest.getDefaultInstance())
        .getNamespacesList();
  }

  @BeforeEach
  void look() {
    definitionsBefore = definitions();
    incrementsBefore = api.increments();
  }

  @AfterEach
  void nothingHasChanged() {
    assertThat(definitions()).isEqualTo(definitionsBefore);
    assertThat(api.increments()).isEqualTo(incrementsBefore);
    assertThat(cluster.process().isAlive()).isTrue();
  }

  /** A call and what it must be refused with. */
  private record Bad(String what, Code code, ErrorReason reason, Runnable call) {
    @Override
    public String toString() {
      return what;
    }
  }

  static Stream<Bad> badStrategies() {
    List<Bad> bad = new ArrayList<>();
    for (double base : new double[] {1, 0, -2, 1.0001, 17, Double.NaN, Double.POSITIVE_INFINITY}) {
      bad.add(
          badStrategy(
              "Morris base " + base,
              metric("clicks").setMorris(Morris.newBuilder().setBase(base))));
    }
    for (long horizon : new long[] {0, -1, 3_600_001, Long.MAX_VALUE}) {
      bad.add(
          badStrategy(
              "horizon " + horizon,
              metric("clicks")
                  .setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(horizon))));
    }
    bad.add(
        badStrategy(
            "map size 12",
            metric("clicks").setHeavyHitters(HeavyHitters.newBuilder().setMaxMapSize(12))));
    bad.add(
        badStrategy(
            "a strategy of a later version",
            metric("clicks")
                .setUnknownFields(
                    UnknownFieldSet.newBuilder()
                        .addField(
                            100,
                            UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(ByteString.EMPTY)
                                .build())
                        .build())));
    bad.add(badStrategy("no strategy", metric("clicks")));
    return bad.stream();
  }

  private static Bad badStrategy(String what, MetricDefinition.Builder metric) {
    return new Bad(
        "swap: " + what,
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_STRATEGY,
        () ->
            api.admin()
                .swapMetric(
                    SwapMetricRequest.newBuilder().setNamespace("shop").setMetric(metric).build()));
  }

  static Stream<Bad> badMetricsAndRules() {
    return Stream.of(
        new Bad(
            "creating a metric with a base of 1",
            Code.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_BAD_STRATEGY,
            () ->
                api.admin()
                    .createMetric(
                        CreateMetricRequest.newBuilder()
                            .setNamespace("shop")
                            .setMetric(metric("m").setMorris(Morris.newBuilder().setBase(1)))
                            .build())),
        badRule("no limit", rule().clearLimit(), ErrorReason.ERROR_REASON_BAD_RULE),
        badRule("a negative limit", rule().setLimit(-1), ErrorReason.ERROR_REASON_BAD_RULE),
        badRule("no window", rule().clearWindow(), ErrorReason.ERROR_REASON_BAD_RULE),
        badRule(
            "a minute", rule().setWindow(Window.WINDOW_MINUTE), ErrorReason.ERROR_REASON_BAD_RULE),
        badRule(
            "a mark above the limit", rule().setRearmBelow(11), ErrorReason.ERROR_REASON_BAD_RULE),
        new Bad(
            "a damaged resume token",
            Code.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_BAD_RESUME_TOKEN,
            () ->
                api.admin()
                    .watchEvents(WatchEventsRequest.newBuilder().setResumeToken("x").build())
                    .forEachRemaining(message -> {})));
  }

  private static ThresholdRule.Builder rule() {
    return ThresholdRule.newBuilder()
        .setName("busy")
        .setMetric("clicks")
        .setWindow(Window.WINDOW_HOUR)
        .setLimit(10);
  }

  private static Bad badRule(String what, ThresholdRule.Builder rule, ErrorReason reason) {
    return new Bad(
        "rule: " + what,
        Code.INVALID_ARGUMENT,
        reason,
        () ->
            api.admin()
                .setThreshold(
                    SetThresholdRequest.newBuilder().setNamespace("shop").setRule(rule).build()));
  }

  static Stream<Bad> badTimes() {
    List<Bad> bad = new ArrayList<>();
    for (long seconds : new long[] {0, -60, 59, 400L * 86_400 + 1, 3650L * 86_400}) {
      bad.addAll(
          badTime(
              "last " + seconds + " s",
              WindowSelector.newBuilder().setLast(Duration.newBuilder().setSeconds(seconds))));
    }
    bad.addAll(
        badTime(
            "a span that ends in an hour",
            WindowSelector.newBuilder()
                .setLast(Duration.newBuilder().setSeconds(3600))
                .setTime(ProtoTimes.timestamp(Instant.now().plusSeconds(3600).toEpochMilli()))));
    bad.addAll(
        badTime(
            "tomorrow",
            WindowSelector.newBuilder()
                .setWindow(Window.WINDOW_DAY)
                .setTime(ProtoTimes.timestamp(Instant.now().plusSeconds(86_400).toEpochMilli()))));
    bad.addAll(
        badTime(
            "a span and a window",
            ALL.toBuilder().setLast(Duration.newBuilder().setSeconds(3600))));
    bad.addAll(badTime("no time", WindowSelector.newBuilder()));
    return bad.stream();
  }

  private static List<Bad> badTime(String what, WindowSelector.Builder window) {
    Code code = Code.INVALID_ARGUMENT;
    ErrorReason reason = ErrorReason.ERROR_REASON_BAD_WINDOW;
    ByteString key = ByteString.copyFromUtf8("sku-1");
    return List.of(
        new Bad(
            "top: " + what,
            code,
            reason,
            () -> api.rankings().getTopK(topK().setWindow(window).build())),
        new Bad(
            "counts: " + what,
            code,
            reason,
            () ->
                api.counters()
                    .getCounts(
                        GetCountsRequest.newBuilder()
                            .setNamespace("shop")
                            .setMetric("clicks")
                            .setWindow(window)
                            .addKeys(key)
                            .build())),
        new Bad(
            "rank: " + what,
            code,
            reason,
            () ->
                api.rankings()
                    .getRank(
                        GetRankRequest.newBuilder()
                            .setNamespace("shop")
                            .setMetric("clicks")
                            .setWindow(window)
                            .setKey(key)
                            .build())));
  }

  static Stream<Bad> badCriteria() {
    return Stream.of(
        new Bad(
            "a condition on an unknown metric",
            Code.NOT_FOUND,
            ErrorReason.ERROR_REASON_METRIC_NOT_FOUND,
            () -> api.rankings().getTopK(topK().addWhere(where("sold")).build())),
        new Bad(
            "a condition without a comparison",
            Code.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_BAD_PARAMETER,
            () ->
                api.rankings().getTopK(topK().addWhere(where("views").clearComparison()).build())),
        new Bad(
            "a score of an unknown metric",
            Code.NOT_FOUND,
            ErrorReason.ERROR_REASON_METRIC_NOT_FOUND,
            () -> api.rankings().getTopK(topK().addScore(term("sold", 1)).build())),
        new Bad(
            "a weight of 0",
            Code.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_BAD_PARAMETER,
            () -> api.rankings().getTopK(topK().addScore(term("views", 0)).build())),
        new Bad(
            "a score over 64 bits",
            Code.OUT_OF_RANGE,
            ErrorReason.ERROR_REASON_COUNT_OVERFLOW,
            () -> api.rankings().getTopK(topK().addScore(term("clicks", 1_000_000)).build())),
        new Bad(
            "an unknown metric beside",
            Code.NOT_FOUND,
            ErrorReason.ERROR_REASON_METRIC_NOT_FOUND,
            () -> api.rankings().getTopK(topK().addInclude("sold").build())));
  }

  private static MetricFilter.Builder where(String metric) {
    return MetricFilter.newBuilder()
        .setMetric(metric)
        .setComparison(MetricFilter.Comparison.COMPARISON_AT_LEAST)
        .setValue(1);
  }

  private static ScoreTerm.Builder term(String metric, long micros) {
    return ScoreTerm.newBuilder().setMetric(metric).setWeightMicros(micros);
  }

  @ParameterizedTest
  @MethodSource({"badStrategies", "badMetricsAndRules", "badTimes", "badCriteria"})
  void overGrpcItIsRefusedWithCodeAndReason(Bad bad) {
    assertRefused(bad.call, bad.code, bad.reason);
  }

  @Test
  void aCursorOfAnotherRankingOrOneThatIsDamagedIsRefused() {
    String token = api.rankings().listRanking(page("shop").build()).getNextPageToken();
    assertThat(token).isNotEmpty();
    Code invalid = Code.INVALID_ARGUMENT;
    ErrorReason badCursor = ErrorReason.ERROR_REASON_BAD_CURSOR;

    assertRefused(page("other").setPageToken(token), invalid, badCursor);
    assertRefused(page("shop").setMetric("views").setPageToken(token), invalid, badCursor);
    assertRefused(
        page("shop")
            .setWindow(WindowSelector.newBuilder().setWindow(Window.WINDOW_DAY).setCurrent(true))
            .setPageToken(token),
        invalid,
        badCursor);
    assertRefused(
        page("shop").setPageToken(token.substring(0, token.length() / 2)), invalid, badCursor);
    assertRefused(page("shop").setPageSize(0), invalid, ErrorReason.ERROR_REASON_BAD_SIZE);

    RestAnswer rest =
        api.get("/v1/namespaces/other/metrics/clicks/ranking?page_size=2&page_token=" + token);
    assertThat(rest.status()).isEqualTo(400);
    assertThat(rest.body().path("reason").textValue()).isEqualTo("BAD_CURSOR");
    assertThat(api.rankings().listRanking(page("shop").setPageToken(token).build()).getRowsCount())
        .as("the token is still good for what it was given out for")
        .isEqualTo(2);
  }

  @Test
  void aCursorWhoseVersionIsRetiredIsRefused() {
    String token = api.rankings().listRanking(page("shop").build()).getNextPageToken();
    // A range keeps the views of eight questions.
    long now = Instant.now().getEpochSecond();
    for (int days = 1; days <= 12; days++) {
      WindowSelector span =
          WindowSelector.newBuilder()
              .setLast(Duration.newBuilder().setSeconds(days * 86_400L))
              .setTime(ProtoTimes.timestamp(now * 1000))
              .build();
      api.rankings().listRanking(page("shop").setWindow(span).build());
    }
    assertRefused(
        page("shop").setPageToken(token),
        Code.FAILED_PRECONDITION,
        ErrorReason.ERROR_REASON_CURSOR_EXPIRED);
  }

  private static ListRankingRequest.Builder page(String namespace) {
    return ListRankingRequest.newBuilder()
        .setNamespace(namespace)
        .setMetric("clicks")
        .setWindow(ALL)
        .setPageSize(2);
  }

  private static void assertRefused(
      ListRankingRequest.Builder request, Code code, ErrorReason reason) {
    assertRefused(() -> api.rankings().listRanking(request.build()), code, reason);
  }

  @ParameterizedTest
  @ValueSource(ints = {17, 100_000})
  void anEventIdThatIsTooLongIsRefusedTogetherWithItsCall(int bytes) {
    RecordRequest request =
        RecordRequest.newBuilder()
            .setNamespace("shop")
            .addIncrements(increment("good"))
            .addIncrements(increment("bad").setEventId(ByteString.copyFrom(new byte[bytes])))
            .build();
    assertRefused(
        () -> api.counters().record(request),
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_EVENT_ID);
  }

  @Test
  void anEventIdWithAnotherDeltaIsRefusedOverGrpcAndRest() {
    ByteString id = ByteString.copyFromUtf8("order-1");
    RecordRequest.Builder first =
        RecordRequest.newBuilder()
            .setNamespace("shop")
            .addIncrements(increment("conflict").setEventId(id));
    api.counters().record(first.build());
    incrementsBefore++;
    first.getIncrementsBuilder(0).setDelta(2);
    assertRefused(
        () -> api.counters().record(first.build()),
        Code.ALREADY_EXISTS,
        ErrorReason.ERROR_REASON_EVENT_ID_CONFLICT);
    RestAnswer answer =
        api.post(
            "/v1/namespaces/shop/events",
            "{\"key\":\"conflict\",\"metric\":\"clicks\",\"delta\":3,\"event_id\":\"order-1\"}");
    assertThat(answer.status()).isEqualTo(409);
    assertThat(answer.body().path("reason").textValue()).isEqualTo("EVENT_ID_CONFLICT");
  }

  @ParameterizedTest
  @CsvSource({
    "last=0s, 400, BAD_WINDOW",
    "last=0, 400, BAD_WINDOW",
    "last=10y, 400, BAD_WINDOW",
    "last=401d, 400, BAD_WINDOW",
    "last=24h&window=day, 400, BAD_WINDOW",
    "last=1h&at=2999-01-01T00:00:00Z, 400, BAD_WINDOW",
    "window=day&at=2999-01-01T00:00:00Z, 400, BAD_WINDOW",
    "window=all&where=sold%3E=1, 404, METRIC_NOT_FOUND",
    "window=all&where=views, 400, BAD_PARAMETER",
    "window=all&score=1*sold, 404, METRIC_NOT_FOUND",
    "window=all&score=1*clicks, 400, COUNT_OVERFLOW",
    "window=all&score=0*clicks, 400, BAD_PARAMETER",
    "window=all&include=sold, 404, METRIC_NOT_FOUND"
  })
  void overRestItIsRefusedWithStatusAndReason(String query, int status, String reason) {
    RestAnswer answer = api.get("/v1/namespaces/shop/metrics/clicks/top-k?" + query);

    assertThat(answer.body().path("reason").textValue()).as("%s", answer).isEqualTo(reason);
    assertThat(answer.status()).as("%s", answer).isEqualTo(status);
    assertThat(answer.body().path("message").textValue()).isNotEmpty();
    assertThat(answer.body().path("code").textValue()).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "12345678901234567, BAD_EVENT_ID",
    "0x0102030405060708090a0b0c0d0e0f1011, BAD_EVENT_ID"
  })
  void anEventIdThatIsTooLongIsRefusedOverRest(String id, String reason) {
    RestAnswer answer =
        api.post(
            "/v1/namespaces/shop/events",
            "[{\"key\":\"good\",\"metric\":\"clicks\"},"
                + "{\"key\":\"bad\",\"metric\":\"clicks\",\"event_id\":\""
                + id
                + "\"}]");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().path("reason").textValue()).isEqualTo(reason);
  }

  /** What the cluster must say; what the command itself refuses is the command's own test. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | metric swap clicks --namespace shop --strategy morris --base 1 | morris.base: 1.0",
        "2 | metric create m --namespace shop --strategy sliding_window --horizon 61m | 1..3600000",
        "2 | metric create m --namespace shop --strategy nonsense | --strategy: nonsense",
        "1 | top --namespace shop --metric clicks --where sold>=1 | sold",
        "1 | top --namespace shop --metric clicks --score 1*clicks | score",
        "2 | top --namespace shop --metric clicks --last 10y | 10y",
        "2 | top --namespace shop --metric clicks --window day --at 2999-01-01 | 2999-01-01",
        "2 | threshold set r --namespace shop --metric clicks --window hour --limit 0 | limit",
        "2 | record k --namespace shop --metric clicks --event-id 12345678901234567 | event",
      })
  void theCommandSaysWhatIsWrong(int exitCode, String commandLine, String part) {
    List<String> words = List.of(commandLine.split(" "));

    Tally.Outcome outcome =
        cluster.tally().run(words.get(0), words.subList(1, words.size()).toArray(String[]::new));

    assertThat(outcome.exitCode()).as(outcome.stderr()).isEqualTo(exitCode);
    assertThat(outcome.stdout()).isEmpty();
    assertThat(outcome.stderr().lines()).singleElement().asString().startsWith("tally: ");
    assertThat(outcome.stderr()).contains(part);
  }

  private static void assertRefused(Runnable call, Code code, ErrorReason reason) {
    StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call::run);
    assertThat(failure).as("the call must fail").isNotNull();
    assertThat(failure.getStatus().getCode()).as("%s", failure).isEqualTo(code);
    assertThat(Errors.reasonOf(failure)).as("%s", failure).isEqualTo(reason);
    assertThat(failure.getStatus().getDescription()).isNotEmpty();
  }

  private static GetTopKRequest.Builder topK() {
    return GetTopKRequest.newBuilder().setNamespace("shop").setMetric("clicks").setWindow(ALL);
  }

  private static MetricDefinition.Builder metric(String name) {
    return MetricDefinition.newBuilder().setName(name);
  }

  private static Increment.Builder increment(String key) {
    return Increment.newBuilder().setKey(ByteString.copyFromUtf8(key)).setMetric("clicks");
  }
}
