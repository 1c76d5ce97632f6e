package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.CreateMetricRequest;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.FixedWindow;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordResponse;
import org.tallyring.proto.v1.SetThresholdRequest;
import org.tallyring.proto.v1.SlidingWindow;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.driver.ClusterApi;
import org.tallyring.systemtests.driver.ClusterApi.RestAnswer;
import org.tallyring.systemtests.process.Processes;

/** Calls that break a rule get a clear error, change nothing, and the servers go on. */
final class BadCallsIT {

  private static final WindowSelector ALL =
      WindowSelector.newBuilder().setWindow(Window.WINDOW_ALL).build();

  @RegisterExtension static final Processes processes = new Processes();

  @SuppressWarnings("NullAway.Init")
  private static Standalone cluster;

  @SuppressWarnings("NullAway.Init")
  private static ClusterApi shard;

  private long incrementsBefore;

  @BeforeAll
  static void startCluster() {
    cluster = Standalone.start(processes);
    shard = new ClusterApi(cluster.shardAddress(1));
  }

  @AfterAll
  static void closeCluster() {
    if (cluster != null) {
      shard.close();
      cluster.close();
    }
  }

  @BeforeEach
  void countIncrements() {
    incrementsBefore = shard.increments();
  }

  @AfterEach
  void nothingWasCountedAndTheProcessGoesOn() {
    assertThat(shard.increments()).as("increments").isEqualTo(incrementsBefore);
    assertThat(cluster.process().isAlive()).isTrue();
    assertThat(record(increment("after").build()).getApplied()).isEqualTo(1);
  }

  static Stream<Arguments> badIncrements() {
    long tooLate = Instant.now().plus(Duration.ofMinutes(6)).toEpochMilli();
    return Stream.of(
        bad("key", ErrorReason.ERROR_REASON_BAD_KEY, keyed(new byte[0])),
        bad("key", ErrorReason.ERROR_REASON_BAD_KEY, increment("k".repeat(513))),
        bad("key", ErrorReason.ERROR_REASON_BAD_KEY, increment("a\tb")),
        bad("key", ErrorReason.ERROR_REASON_BAD_KEY, increment("\u0000")),
        bad("key", ErrorReason.ERROR_REASON_BAD_KEY, increment("\u0085")),
        bad("key", ErrorReason.ERROR_REASON_BAD_KEY, keyed(new byte[] {(byte) 0xC3, 0x28})),
        bad(
            "key",
            ErrorReason.ERROR_REASON_BAD_KEY,
            keyed(new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80})),
        bad("delta", ErrorReason.ERROR_REASON_BAD_DELTA, increment("k").setDelta(0)),
        bad("delta", ErrorReason.ERROR_REASON_BAD_DELTA, increment("k").setDelta(Long.MIN_VALUE)),
        bad(
            "event_time_millis",
            ErrorReason.ERROR_REASON_BAD_EVENT_TIME,
            increment("k").setEventTimeMillis(tooLate)),
        bad(
            "event_time_millis",
            ErrorReason.ERROR_REASON_BAD_EVENT_TIME,
            increment("k").setEventTimeMillis(Long.MIN_VALUE)));
  }

  private static Arguments bad(String field, ErrorReason reason, Increment.Builder increment) {
    return arguments(field, reason, increment.build());
  }

  @ParameterizedTest
  @MethodSource("badIncrements")
  void aBadIncrementIsRefusedTogetherWithTheGoodOnesOfItsCall(
      String field, ErrorReason reason, Increment bad) {
    StatusRuntimeException failure =
        failureOf(() -> record(increment("good").build(), bad, increment("good").build()));

    assertFailure(failure, Code.INVALID_ARGUMENT, reason);
    assertThat(violatedFields(failure)).containsExactly("increments[1]." + field);
    assertThat(failure.getStatus().getDescription()).contains("(expected: ");
  }

  @Test
  void anUnknownMetricIsNotFound() {
    assertFailure(
        failureOf(() -> record(increment("k").setMetric("unheard-of").build())),
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_METRIC_NOT_FOUND);
  }

  @Test
  void anUnknownNamespaceIsNotFound() {
    RecordRequest request =
        RecordRequest.newBuilder().setNamespace("nowhere").addIncrements(increment("k")).build();
    assertFailure(
        failureOf(() -> shard.counters().record(request)),
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND);
    assertFailure(
        failureOf(
            () ->
                shard
                    .counters()
                    .getCounts(
                        GetCountsRequest.newBuilder()
                            .setNamespace("nowhere")
                            .setMetric("clicks")
                            .setWindow(ALL)
                            .addKeys(ByteString.copyFromUtf8("k"))
                            .build())),
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND);
  }

  @Test
  void anEmptyCallAndABadRequestIdAreRefused() {
    assertFailure(
        failureOf(() -> record()), Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BAD_SIZE);
    RecordRequest request =
        RecordRequest.newBuilder()
            .addIncrements(increment("k"))
            .setRequestId(ByteString.copyFromUtf8("short"))
            .build();
    assertFailure(
        failureOf(() -> shard.counters().record(request)),
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_SESSION);
  }

  @Test
  void aMessageOfFiveMegabytesIsRefused() {
    assertFailure(
        failureOf(() -> record(increment("k".repeat(5 << 20)).build())),
        Code.RESOURCE_EXHAUSTED,
        ErrorReason.ERROR_REASON_MESSAGE_TOO_LARGE);
    try (ClusterApi aggregator = new ClusterApi(cluster.address())) {
      RecordRequest request =
          RecordRequest.newBuilder().addIncrements(increment("k".repeat(5 << 20))).build();
      StatusRuntimeException failure = failureOf(() -> aggregator.counters().record(request));
      assertThat(failure.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "1001", "-1"})
  void aKOutOfBoundsIsRefused(int k) {
    assertFailure(
        failureOf(() -> cluster.api().rankings().getTopK(topK().setK(k).build())),
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_K);
  }

  @Test
  void aRankingWithoutAWindowIsRefused() {
    assertFailure(
        failureOf(() -> cluster.api().rankings().getTopK(topK().clearWindow().build())),
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_WINDOW);
  }

  @ParameterizedTest
  @CsvSource({
    "/top-k?window=all&k=0, 400, INVALID_ARGUMENT, BAD_K",
    "/top-k?window=all&k=1001, 400, INVALID_ARGUMENT, BAD_K",
    "/top-k?window=week, 400, INVALID_ARGUMENT, BAD_WINDOW",
    "/top-k?last=0, 400, INVALID_ARGUMENT, BAD_WINDOW",
    "/top-k?last=0ms, 400, INVALID_ARGUMENT, BAD_WINDOW",
    "/top-k?last=1500ms, 400, INVALID_ARGUMENT, BAD_WINDOW",
    "/top-k?last=10y, 400, INVALID_ARGUMENT, BAD_WINDOW",
    "/top-k?last=1h&at=9998-01-01T00:00:00Z, 400, INVALID_ARGUMENT, BAD_WINDOW",
    "/top-k?window=all&colour=red, 400, INVALID_ARGUMENT, BAD_PARAMETER",
    "/top-k?window=day&at=yesterday, 400, INVALID_ARGUMENT, BAD_WINDOW",
    "/top-k?window=all&namespace=nowhere, 404, NOT_FOUND, NAMESPACE_NOT_FOUND",
    "/top-k?window=all&metric=unheard-of, 404, NOT_FOUND, METRIC_NOT_FOUND",
    "/no-such-path, 404, NOT_FOUND, PATH_NOT_FOUND"
  })
  void aBadRestCallIsAnsweredWithStatusCodeAndReason(
      String path, int status, String code, String reason) {
    RestAnswer answer = cluster.api().get(path);

    assertThat(answer.status()).as("%s", answer.body()).isEqualTo(status);
    assertThat(answer.body().path("code").asText()).isEqualTo(code);
    assertThat(answer.body().path("reason").asText()).isEqualTo(reason);
    assertThat(answer.body().path("message").asText()).isNotEmpty();
  }

  static Stream<MetricDefinition> badMetrics() {
    return Stream.of(
        metric().setFixedWindow(FixedWindow.newBuilder().setBucketMillis(0)).build(),
        metric().setFixedWindow(FixedWindow.newBuilder().setBucketMillis(7_000)).build(),
        metric().setFixedWindow(FixedWindow.newBuilder().setBucketMillis(7_200_000)).build(),
        metric().setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(0)).build(),
        metric().setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(3_600_001)).build());
  }

  private static MetricDefinition.Builder metric() {
    return MetricDefinition.newBuilder().setName("bad");
  }

  @ParameterizedTest
  @MethodSource("badMetrics")
  void aStrategyOutOfBoundsIsRefused(MetricDefinition metric) {
    CreateMetricRequest request = CreateMetricRequest.newBuilder().setMetric(metric).build();
    StatusRuntimeException failure = failureOf(() -> shard.admin().createMetric(request));

    assertFailure(failure, Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BAD_STRATEGY);
    assertThat(failure.getStatus().getDescription()).contains("(expected: ");
  }

  static Stream<ThresholdRule> badRules() {
    return Stream.of(
        rule().clearLimit().setWindow(Window.WINDOW_DAY).build(),
        rule().clearLimit().setSpanMillis(300_000).build(),
        rule().build(),
        rule().setWindow(Window.WINDOW_DAY).setSpanMillis(300_000).build(),
        rule().setSpanMillis(59_999).build(),
        rule().setSpanMillis(-1).build(),
        rule().setSpanMillis(86_400_001).build());
  }

  private static ThresholdRule.Builder rule() {
    return ThresholdRule.newBuilder().setName("bad").setMetric("clicks").setLimit(1);
  }

  @ParameterizedTest
  @MethodSource("badRules")
  void aRuleThatMakesNoSenseIsRefused(ThresholdRule rule) {
    SetThresholdRequest request = SetThresholdRequest.newBuilder().setRule(rule).build();
    StatusRuntimeException failure = failureOf(() -> shard.admin().setThreshold(request));

    assertFailure(failure, Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BAD_RULE);
    assertThat(failure.getStatus().getDescription()).contains("(expected: ");
  }

  private static RecordResponse record(Increment... increments) {
    return shard
        .counters()
        .record(RecordRequest.newBuilder().addAllIncrements(List.of(increments)).build());
  }

  private static Increment.Builder increment(String key) {
    return Increment.newBuilder().setKey(ByteString.copyFromUtf8(key)).setMetric("clicks");
  }

  private static Increment.Builder keyed(byte[] key) {
    return Increment.newBuilder().setKey(ByteString.copyFrom(key)).setMetric("clicks");
  }

  private static GetTopKRequest.Builder topK() {
    return GetTopKRequest.newBuilder().setMetric("clicks").setWindow(ALL);
  }

  private static StatusRuntimeException failureOf(Runnable call) {
    StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call::run);
    assertThat(failure).as("the call must fail").isNotNull();
    return failure;
  }

  private static void assertFailure(StatusRuntimeException failure, Code code, ErrorReason reason) {
    assertThat(failure.getStatus().getCode()).as("%s", failure).isEqualTo(code);
    assertThat(Errors.reasonOf(failure)).as("%s", failure).isEqualTo(reason);
  }

  private static List<String> violatedFields(StatusRuntimeException failure) {
    com.google.rpc.Status status = Objects.requireNonNull(StatusProto.fromThrowable(failure));
    return status.getDetailsList().stream()
        .filter(detail -> detail.is(BadRequest.class))
        .map(
            detail -> {
              try {
                return detail.unpack(BadRequest.class);
              } catch (InvalidProtocolBufferException e) {
                throw new AssertionError("damaged detail", e);
              }
            })
        .flatMap(request -> request.getFieldViolationsList().stream())
        .map(BadRequest.FieldViolation::getField)
        .toList();
  }
}
