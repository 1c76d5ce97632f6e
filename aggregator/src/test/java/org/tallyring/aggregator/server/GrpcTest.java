package org.tallyring.aggregator.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tallyring.aggregator.collect.WindowKey;
import org.tallyring.aggregator.fake.FakeShards;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.DeleteNamespaceRequest;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopKResponse;
import org.tallyring.proto.v1.GetTopologyRequest;
import org.tallyring.proto.v1.JournalPosition;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.ReadLogRequest;
import org.tallyring.proto.v1.ReadLogResponse;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.TopologyServiceGrpc;
import org.tallyring.proto.v1.VerifyRangesRequest;
import org.tallyring.proto.v1.WatchEventsRequest;
import org.tallyring.proto.v1.WatchEventsResponse;
import org.tallyring.proto.v1.WatchTopologyRequest;
import org.tallyring.proto.v1.WatchTopologyResponse;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

final class GrpcTest {

  private static final long LAST_HOUR = Instant.parse("2026-01-15T09:00:00Z").toEpochMilli();
  private static final WindowKey HOUR = FakeShards.window(WindowLevel.HOUR, LAST_HOUR);
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private RunningAggregator running;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    running = new RunningAggregator();
  }

  @AfterEach
  void stop() {
    running.close();
  }

  @Test
  void aFinalHourCarriesACompleteLabel() {
    running.shards.count(HOUR, "a", 3);
    running.shards.correct(HOUR, "a", 1);

    GetTopKResponse response = top(hour());

    assertThat(response.getLabel())
        .isEqualTo(
            AnswerLabel.newBuilder()
                .setWindow(Window.WINDOW_HOUR)
                .setStartTime(seconds("2026-01-15T09:00:00Z"))
                .setEndTime(seconds("2026-01-15T10:00:00Z"))
                .setAsOfTime(seconds("2026-01-15T10:30:00Z"))
                .setFinal(true)
                .setRevision(1)
                .setExact(true)
                .setRangesTotal(4)
                .setRangesIncluded(4)
                .build());
    assertThat(response.getItems(0).getRank()).isEqualTo(1);
    assertThat(response.getItems(0).getCount()).isEqualTo(4);
    assertThat(response.getItems(0).getKey().toStringUtf8()).isEqualTo("a");
  }

  @Test
  void aFinalHourIsKeptUntilALateEventCorrectsIt() {
    running.shards.count(HOUR, "a", 3);
    top(hour());
    int asked = running.shards.queries();
    for (int i = 0; i < 5; i++) {
      assertThat(top(hour()).getItems(0).getCount()).isEqualTo(3);
    }
    assertThat(running.shards.queries()).isEqualTo(asked);

    running.shards.correct(HOUR, "a", 2);

    await().atMost(LIMIT).until(() -> top(hour()).getItems(0).getCount() == 5);
    assertThat(top(hour()).getLabel().getRevision()).isEqualTo(1);
  }

  @Test
  void aWindowIsFinalWhenItsLatenessIsOver() {
    GetTopKRequest lastHour = GetTopKRequest.newBuilder().setWindow(at("10:15:00")).build();
    assertThat(top(lastHour).getLabel().getFinal()).isFalse();

    running.clock.advance(Duration.ofMinutes(30).plusSeconds(59));
    assertThat(top(lastHour).getLabel().getFinal()).isFalse();
    assertThat(top(hour()).getLabel().getStartTime()).isEqualTo(seconds("2026-01-15T09:00:00Z"));

    running.clock.advance(Duration.ofSeconds(1));
    assertThat(top(lastHour).getLabel().getFinal()).isTrue();
    assertThat(top(hour()).getLabel().getStartTime()).isEqualTo(seconds("2026-01-15T10:00:00Z"));
  }

  @Test
  void aSpanRestsOnTheFinestBucketsThatEveryRangeKeeps() {
    running.shards.count(FakeShards.window(WindowLevel.MINUTE, LAST_HOUR), "a", 3);
    running.shards.count(HOUR, "a", 8);
    assertThat(top(span("24h")).getLabel().getBucket()).isEqualTo(Window.WINDOW_MINUTE);
    assertThat(top(span("24h")).getItems(0).getCount()).isEqualTo(3);

    running.shards.keep(
        2, KeptBuckets.EVERYTHING.butOf(WindowLevel.MINUTE, millis("2026-01-14T12:00:00Z")));
    running.clock.advance(Duration.ofMinutes(1));

    GetTopKResponse coarser = top(span("24h"));
    assertThat(coarser.getLabel())
        .isEqualTo(
            AnswerLabel.newBuilder()
                .setBucket(Window.WINDOW_HOUR)
                .setStartTime(seconds("2026-01-14T11:00:00Z"))
                .setEndTime(seconds("2026-01-15T11:00:00Z"))
                .setAsOfTime(seconds("2026-01-15T10:31:00Z"))
                .setExact(true)
                .setRangesTotal(4)
                .setRangesIncluded(4)
                .build());
    assertThat(coarser.getItems(0).getCount()).isEqualTo(8);
    // What one range said holds for the next question, which is asked once and not twice.
    int asked = running.shards.queries();
    assertThat(top(span("25h")).getLabel().getBucket()).isEqualTo(Window.WINDOW_HOUR);
    assertThat(running.shards.queries()).isEqualTo(asked + 2);
    assertThat(top(span("1h")).getLabel().getBucket()).isEqualTo(Window.WINDOW_MINUTE);
  }

  @Test
  void aSpanOfFinalBucketsIsKeptUntilACorrectionAndALiveOneForASecond() {
    WindowKey minute = FakeShards.window(WindowLevel.MINUTE, LAST_HOUR);
    running.shards.count(minute, "a", 3);
    GetTopKRequest sealed = span("2h", WindowSelector.newBuilder().setSealed(true));
    running.clock.advance(Duration.ofSeconds(5));
    top(sealed);
    int asked = running.shards.queries();
    for (int i = 0; i < 5; i++) {
      assertThat(top(sealed).getItems(0).getCount()).isEqualTo(3);
    }
    assertThat(running.shards.queries()).isEqualTo(asked);
    top(span("2h"));
    running.shards.count(minute, "a", 1);
    await().atMost(LIMIT).until(() -> top(span("2h")).getItems(0).getCount() == 4);
    assertThat(top(sealed).getItems(0).getCount()).isEqualTo(3);

    running.shards.correct(minute, "a", 2);

    await().atMost(LIMIT).until(() -> top(sealed).getItems(0).getCount() == 6);
    assertThat(top(sealed).getLabel().getRevision()).isEqualTo(1);
  }

  @Test
  void aSpanThatHasJustBecomeFinalIsNotKeptForLong() {
    WindowKey minute = FakeShards.window(WindowLevel.MINUTE, LAST_HOUR);
    running.shards.count(minute, "a", 3);
    GetTopKRequest sealed = span("2h", WindowSelector.newBuilder().setSealed(true));
    running.clock.advance(Duration.ofMillis(4_999));
    assertThat(top(sealed).getLabel().getFinal()).isTrue();

    // Accepted in time by its shard, and only now out of its journal: no correction.
    running.shards.count(minute, "a", 1);

    await().atMost(LIMIT).until(() -> top(sealed).getItems(0).getCount() == 4);
  }

  @Test
  void aWindowThatIsNotKeptAnyMoreIsToldAsSuch() {
    running.shards.keep(
        1, KeptBuckets.EVERYTHING.butOf(WindowLevel.HOUR, millis("2026-01-15T09:00:00Z")));

    assertThat(top(hour()).getLabel().getRangesIncluded()).isEqualTo(4);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> top(GetTopKRequest.newBuilder().setWindow(at("08:15:00")).build()))
          .hasMessageContaining(
              "window: hour of 2026-01-15T08:00:00Z (expected: from 2026-01-15T09:00:00Z on;")
          .satisfies(
              failure -> {
                assertThat(Status.fromThrowable(failure).getCode())
                    .isEqualTo(Status.Code.NOT_FOUND);
                assertThat(Errors.reasonOf(failure))
                    .isEqualTo(ErrorReason.ERROR_REASON_WINDOW_NOT_RETAINED);
              });
    }
  }

  @Test
  void aSeriesIsForwarded() {
    running.shards.count(HOUR, "a", 8);
    assertThat(
            CounterServiceGrpc.newBlockingStub(running.channel)
                .getSeries(
                    GetSeriesRequest.newBuilder()
                        .setMetric("clicks")
                        .setKey(ByteString.copyFromUtf8("a"))
                        .setStep(Window.WINDOW_HOUR)
                        .setStartTime(seconds("2026-01-15T09:00:00Z"))
                        .setEndTime(seconds("2026-01-15T10:00:00Z"))
                        .build())
                .getPoints(0)
                .getCount())
        .isEqualTo(8);
  }

  @Test
  void aMissingShardNeverHides() {
    running.shards.count(HOUR, "a", 3);
    assertThat(top(hour()).getLabel().getRangesIncluded()).isEqualTo(4);

    running.servers.kill("shard-2");

    await().atMost(LIMIT).until(() -> top(hour()).getLabel().getRangesIncluded() == 2);
    await().atMost(LIMIT).until(() -> top(all()).getLabel().getRangesIncluded() == 2);
    assertThat(top(all()).getLabel().getRangesTotal()).isEqualTo(4);
    for (GetTopKRequest request : List.of(hour(), all())) {
      assertThatThrownBy(() -> top(request.toBuilder().setRequireComplete(true).build()))
          .satisfies(
              failure -> {
                assertThat(Status.fromThrowable(failure).getCode())
                    .isEqualTo(Status.Code.UNAVAILABLE);
                assertThat(Errors.reasonOf(failure)).isEqualTo(ErrorReason.ERROR_REASON_INCOMPLETE);
                assertThat(Errors.retryDelayOf(failure)).isPresent();
              });
    }
  }

  @Test
  void badQuestionsAreRefusedWithAReason() {
    assertRefused(hour().toBuilder().setK(0).build(), ErrorReason.ERROR_REASON_BAD_K);
    assertRefused(hour().toBuilder().setK(1001).build(), ErrorReason.ERROR_REASON_BAD_K);
    assertRefused(GetTopKRequest.getDefaultInstance(), ErrorReason.ERROR_REASON_BAD_WINDOW);
    assertRefused(
        GetTopKRequest.newBuilder().setWindow(at("10:15:00").toBuilder().setWindowValue(9)).build(),
        ErrorReason.ERROR_REASON_BAD_WINDOW);
    assertRefused(span("59S"), ErrorReason.ERROR_REASON_BAD_WINDOW);
    assertRefused(span("9601h"), ErrorReason.ERROR_REASON_BAD_WINDOW);
    assertRefused(
        span("1h", WindowSelector.newBuilder().setWindow(Window.WINDOW_HOUR)),
        ErrorReason.ERROR_REASON_BAD_WINDOW);
    assertRefused(
        span("1h", WindowSelector.newBuilder().setTime(seconds("2026-01-15T10:35:01Z"))),
        ErrorReason.ERROR_REASON_BAD_WINDOW);
    assertRefused(
        span("1h", WindowSelector.newBuilder().setCurrent(false)),
        ErrorReason.ERROR_REASON_BAD_WINDOW);
    assertRefused(
        GetTopKRequest.newBuilder()
            .setWindow(at("10:15:00").toBuilder().setWindow(Window.WINDOW_MINUTE))
            .build(),
        ErrorReason.ERROR_REASON_BAD_WINDOW);
    assertRefused(
        hour().toBuilder().setNamespace("a b").build(), ErrorReason.ERROR_REASON_BAD_NAME);
    assertRefused(
        hour().toBuilder().setNamespace("nobody").build(),
        ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND);
    assertRefused(
        hour().toBuilder().setMetric("smiles").build(), ErrorReason.ERROR_REASON_METRIC_NOT_FOUND);
  }

  @Test
  void aNamespaceWorksAsSoonAsItIsCreatedAndNotAfterItsEnd() {
    AdminServiceGrpc.AdminServiceBlockingStub admin =
        AdminServiceGrpc.newBlockingStub(running.channel);
    admin.createNamespace(
        CreateNamespaceRequest.newBuilder()
            .setNamespace(
                NamespaceDefinition.newBuilder()
                    .setName("shop")
                    .addMetrics(MetricDefinition.newBuilder().setName("sales")))
            .build());
    GetTopKRequest sales =
        GetTopKRequest.newBuilder()
            .setNamespace("shop")
            .setWindow(WindowSelector.newBuilder().setWindow(Window.WINDOW_ALL))
            .build();
    assertThat(top(sales).getItemsList()).isEmpty();
    running.shards.define(
        NamespaceDefinition.newBuilder()
            .setName("elsewhere")
            .addMetrics(MetricDefinition.newBuilder().setName("hits"))
            .build());
    assertThat(top(sales.toBuilder().setNamespace("elsewhere").build()).getItemsList()).isEmpty();

    admin.deleteNamespace(DeleteNamespaceRequest.newBuilder().setName("shop").build());

    assertRefused(sales, ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND);
  }

  @Test
  void countsAreForwarded() {
    running.shards.count(FakeShards.window(WindowLevel.ALL, 0), "a", 8);
    assertThat(
            CounterServiceGrpc.newBlockingStub(running.channel)
                .getCounts(
                    GetCountsRequest.newBuilder()
                        .setMetric("clicks")
                        .addKeys(ByteString.copyFromUtf8("a"))
                        .build())
                .getCounts(0)
                .getCount())
        .isEqualTo(8);
  }

  @Test
  void aStreamOfBatchesIsForwardedInOrder() {
    List<RecordStreamResponse> answers = new CopyOnWriteArrayList<>();
    CompletableFuture<Void> end = new CompletableFuture<>();
    StreamObserver<RecordStreamRequest> batches =
        CounterServiceGrpc.newStub(running.channel)
            .recordStream(
                new StreamObserver<>() {
                  @Override
                  public void onNext(RecordStreamResponse answer) {
                    answers.add(answer);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    end.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {
                    end.complete(null);
                  }
                });
    // 12 MB in all: more than Armeria takes as one request by default.
    ByteString keys = ByteString.copyFrom(new byte[60_000]);
    for (int i = 1; i <= 200; i++) {
      batches.onNext(
          RecordStreamRequest.newBuilder()
              .setBatch(RecordBatch.newBuilder().setSequence(i).setKeys(keys))
              .build());
    }
    batches.onCompleted();

    assertThat(end).succeedsWithin(LIMIT);
    assertThat(answers).hasSize(200);
    for (int i = 0; i < 200; i++) {
      assertThat(answers.get(i).getSequence()).isEqualTo(i + 1);
    }
  }

  @Test
  void eventsAreForwardedAsTheWatcherTakesThemAndTheWatchEndsWithIt() {
    Context.CancellableContext watching = Context.current().withCancellation();
    watching.run(
        () -> {
          Iterator<WatchEventsResponse> events =
              AdminServiceGrpc.newBlockingStub(running.channel)
                  .watchEvents(WatchEventsRequest.newBuilder().setResumeToken("t").build());
          for (int i = 1; i <= 10; i++) {
            WatchEventsResponse next = events.next();
            assertThat(next.getEvents(0).getNumber()).isEqualTo(i);
            assertThat(next.getResumeToken()).isEqualTo("t" + i);
          }
          // The fake sends without end: what a watcher does not take must stop it.
          await()
              .during(Duration.ofMillis(300))
              .atMost(LIMIT)
              .until(running.shards.eventsSent::get, sent -> sent < 20_000);
          for (int i = 11; i <= 3_000; i++) {
            assertThat(events.next().getEvents(0).getNumber()).isEqualTo(i);
          }
        });

    watching.cancel(null);

    await().atMost(LIMIT).until(() -> running.shards.watchesEnded.get() == 1);
  }

  @Test
  void verificationsAndJournalsAreForwardedToTheirEnd() {
    AdminServiceGrpc.AdminServiceBlockingStub admin =
        AdminServiceGrpc.newBlockingStub(running.channel);
    List<Integer> verified = new ArrayList<>();
    admin
        .verifyRanges(VerifyRangesRequest.newBuilder().addRangeIds(3).addRangeIds(5).build())
        .forEachRemaining(response -> verified.add(response.getRange().getRangeId()));
    assertThat(verified).containsExactly(3, 5);

    JournalPosition from = JournalPosition.newBuilder().setSegment(2).setEntry(7).build();
    Iterator<ReadLogResponse> entries =
        admin.readLog(ReadLogRequest.newBuilder().setFrom(from).build());
    assertThat(entries.next().getEntry().getPosition()).isEqualTo(from);
    assertThat(entries.hasNext()).isFalse();
  }

  @Test
  void theTopologyIsToldAndItsChangesToo() {
    assertThat(
            TopologyServiceGrpc.newBlockingStub(running.channel)
                .getTopology(GetTopologyRequest.getDefaultInstance())
                .getTopology())
        .isEqualTo(running.shards.topology());
    Iterator<WatchTopologyResponse> pictures =
        TopologyServiceGrpc.newBlockingStub(running.channel)
            .watchTopology(WatchTopologyRequest.getDefaultInstance());
    assertThat(pictures.next().getTopology().getShardsCount()).isEqualTo(2);

    running.servers.kill("shard-2");

    assertThat(pictures.next().getTopology().getShardsCount()).isEqualTo(1);
  }

  @Test
  void aMessageThatIsTooLargeIsRefusedWithAReason() {
    RecordRequest large =
        RecordRequest.newBuilder().setRequestId(ByteString.copyFrom(new byte[5 << 20])).build();

    assertThatThrownBy(() -> CounterServiceGrpc.newBlockingStub(running.channel).record(large))
        .satisfies(
            failure -> {
              assertThat(Status.fromThrowable(failure).getCode())
                  .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
              assertThat(Errors.reasonOf(failure))
                  .isEqualTo(ErrorReason.ERROR_REASON_MESSAGE_TOO_LARGE);
            });
  }

  @Test
  void healthAndReflectionAreServed() {
    assertThat(
            HealthGrpc.newBlockingStub(running.channel)
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus())
        .isEqualTo(ServingStatus.SERVING);
    assertThat(
            HealthGrpc.newBlockingStub(running.channel)
                .check(
                    HealthCheckRequest.newBuilder().setService("tallyring.v1.TopKService").build())
                .getStatus())
        .isEqualTo(ServingStatus.SERVING);
    CompletableFuture<ServerReflectionResponse> services = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> reflection =
        ServerReflectionGrpc.newStub(running.channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse response) {
                    services.complete(response);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    services.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {}
                });
    reflection.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    assertThat(services)
        .succeedsWithin(LIMIT)
        .satisfies(
            response ->
                assertThat(response.getListServicesResponse().getServiceList())
                    .extracting(service -> service.getName())
                    .contains(
                        "tallyring.v1.TopKService",
                        "tallyring.v1.CounterService",
                        "tallyring.v1.AdminService",
                        "tallyring.v1.TopologyService",
                        "grpc.health.v1.Health"));
    reflection.onCompleted();
  }

  private void assertRefused(GetTopKRequest request, ErrorReason reason) {
    assertThatThrownBy(() -> top(request))
        .isInstanceOf(StatusRuntimeException.class)
        .satisfies(failure -> assertThat(Errors.reasonOf(failure)).isEqualTo(reason));
  }

  private GetTopKResponse top(GetTopKRequest request) {
    return TopKServiceGrpc.newBlockingStub(running.channel).getTopK(request);
  }

  private static GetTopKRequest hour() {
    return GetTopKRequest.newBuilder()
        .setWindow(WindowSelector.newBuilder().setWindow(Window.WINDOW_HOUR))
        .build();
  }

  private static GetTopKRequest all() {
    return GetTopKRequest.newBuilder()
        .setWindow(WindowSelector.newBuilder().setWindow(Window.WINDOW_ALL))
        .build();
  }

  private static WindowSelector at(String time) {
    return WindowSelector.newBuilder()
        .setWindow(Window.WINDOW_HOUR)
        .setTime(seconds("2026-01-15T" + time + "Z"))
        .build();
  }

  private static GetTopKRequest span(String length) {
    return span(length, WindowSelector.newBuilder());
  }

  private static GetTopKRequest span(String length, WindowSelector.Builder at) {
    Duration last = Duration.parse("PT" + length);
    return GetTopKRequest.newBuilder().setWindow(at.setLast(ProtoTimes.duration(last))).build();
  }

  private static long millis(String time) {
    return Instant.parse(time).toEpochMilli();
  }

  private static Timestamp seconds(String time) {
    return Timestamp.newBuilder().setSeconds(Instant.parse(time).getEpochSecond()).build();
  }
}
