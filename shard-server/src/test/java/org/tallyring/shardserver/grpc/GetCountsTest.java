package org.tallyring.shardserver.grpc;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.grpc.Refusals.refusal;
import static org.tallyring.shardserver.grpc.ShardCluster.FIRST;
import static org.tallyring.shardserver.grpc.ShardCluster.NOW;
import static org.tallyring.shardserver.grpc.ShardCluster.SECOND;
import static org.tallyring.shardserver.grpc.ShardCluster.UNOWNED;
import static org.tallyring.shardserver.grpc.ShardCluster.key;

import com.google.common.util.concurrent.Uninterruptibles;
import com.google.protobuf.ByteString;
import io.grpc.Status.Code;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.CounterServiceGrpc.CounterServiceBlockingStub;
import org.tallyring.proto.v1.CounterServiceGrpc.CounterServiceFutureStub;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.shardserver.coordination.InMemoryCoordination;
import org.tallyring.shardserver.coordination.SessionState;

final class GetCountsTest {

  private static final ByteString NEVER_SEEN = key("default", 0, 9);
  private static final long HOUR_START = NOW - 30 * 60_000;
  private static final long HOUR = 3_600_000;

  @RegisterExtension final InProcessGrpc grpc = new InProcessGrpc();

  private ShardCluster cluster;
  private CounterServiceBlockingStub counters;

  @BeforeEach
  void recordSome() {
    cluster = new ShardCluster(grpc);
    counters = CounterServiceGrpc.newBlockingStub(cluster.channel(FIRST));
    RecordRequest.Builder request = RecordRequest.newBuilder();
    for (int rangeId = 0; rangeId < UNOWNED; rangeId++) {
      Increment.Builder increment =
          Increment.newBuilder().setKey(key(rangeId)).setMetric("clicks").setDelta(10 + rangeId);
      request.addIncrements(increment).addIncrements(increment.setEventTimeMillis(NOW - 2 * HOUR));
    }
    counters.record(request.build());
  }

  private static GetCountsRequest.Builder request(Window window, ByteString... keys) {
    return GetCountsRequest.newBuilder()
        .setMetric("clicks")
        .setWindow(WindowSelector.newBuilder().setWindow(window))
        .addAllKeys(List.of(keys));
  }

  private static KeyCount count(ByteString key, long count) {
    return KeyCount.newBuilder().setKey(key).setCount(count).build();
  }

  @Test
  void countsComeInTheOrderAskedForWhoeverOwnsTheKeys() {
    GetCountsRequest request =
        request(Window.WINDOW_ALL, key(2), NEVER_SEEN, key(0), key(1), key(2)).build();
    for (String shard : List.of(FIRST, SECOND)) {
      GetCountsResponse response =
          CounterServiceGrpc.newBlockingStub(cluster.channel(shard)).getCounts(request);
      assertThat(response.getCountsList())
          .containsExactly(
              count(key(2), 24),
              count(NEVER_SEEN, 0),
              count(key(0), 20),
              count(key(1), 22),
              count(key(2), 24));
      assertThat(response.getLabel())
          .isEqualTo(
              AnswerLabel.newBuilder()
                  .setWindow(Window.WINDOW_ALL)
                  .setAsOfTime(ProtoTimes.timestamp(NOW))
                  .setExact(true)
                  .setRangesTotal(3)
                  .setRangesIncluded(3)
                  .build());
    }
  }

  @Test
  void aLabelNamesTheWindowAndWhetherItIsFinal() {
    GetCountsRequest.Builder request = request(Window.WINDOW_HOUR, key(2));
    request.getWindowBuilder().setCurrent(true);
    GetCountsResponse current = counters.getCounts(request.build());
    assertThat(current.getCountsList()).containsExactly(count(key(2), 12));
    assertThat(current.getLabel().getStartTime()).isEqualTo(ProtoTimes.timestamp(HOUR_START));
    assertThat(current.getLabel().getEndTime()).isEqualTo(ProtoTimes.timestamp(HOUR_START + HOUR));
    assertThat(current.getLabel().getFinal()).isFalse();

    request.getWindowBuilder().setTime(ProtoTimes.timestamp(NOW - 2 * HOUR));
    GetCountsResponse past = counters.getCounts(request.build());
    assertThat(past.getCountsList()).containsExactly(count(key(2), 12));
    assertThat(past.getLabel().getFinal()).isTrue();
    assertThat(past.getLabel().getRevision()).isEqualTo(1);

    request.getWindowBuilder().clearAt();
    AnswerLabel latest = counters.getCounts(request.build()).getLabel();
    assertThat(latest.getStartTime()).isEqualTo(ProtoTimes.timestamp(HOUR_START - HOUR));
    assertThat(latest.getFinal()).isTrue();
  }

  @Test
  void keysOfAMissingRangeAreLeftOutAndTheLabelSaysSo() {
    GetCountsRequest.Builder request = request(Window.WINDOW_ALL, key(UNOWNED), key(0), key(2));
    GetCountsResponse response = counters.getCounts(request.build());
    assertThat(response.getCountsList()).containsExactly(count(key(0), 20), count(key(2), 24));
    assertThat(response.getLabel().getRangesTotal()).isEqualTo(3);
    assertThat(response.getLabel().getRangesIncluded()).isEqualTo(2);

    Throwable failure =
        refusal(
            Code.UNAVAILABLE,
            ErrorReason.ERROR_REASON_INCOMPLETE,
            () -> counters.getCounts(request.setRequireComplete(true).build()));
    assertThat(Errors.retryDelayOf(failure)).isPresent();
  }

  @Test
  void aPeerThatDoesNotAnswerIsAMissingRange() {
    cluster.unplug(SECOND);
    GetCountsResponse response =
        counters.getCounts(request(Window.WINDOW_ALL, key(2), key(0)).build());
    assertThat(response.getCountsList()).containsExactly(count(key(0), 20));
    assertThat(response.getLabel().getRangesIncluded()).isEqualTo(1);
  }

  @Test
  void withoutALiveSessionNothingIsRead() {
    InMemoryCoordination connection = cluster.connection(FIRST);
    List<Runnable> ends =
        List.of(
            connection::suspend,
            () -> {
              connection.resume();
              connection.expire();
            },
            () -> {
              connection.resume();
              connection.outliveLease();
              assertThat(connection.sessionState()).isEqualTo(SessionState.CONNECTED);
            });
    for (Runnable end : ends) {
      end.run();
      Throwable failure =
          refusal(
              Code.UNAVAILABLE,
              ErrorReason.ERROR_REASON_NO_SESSION,
              () -> counters.getCounts(request(Window.WINDOW_ALL, key(0)).build()));
      assertThat(Errors.retryDelayOf(failure)).isPresent();
    }
    connection.proveSession();
    assertThat(counters.getCounts(request(Window.WINDOW_ALL, key(0)).build()).getCountsList())
        .isNotEmpty();
  }

  @Test
  void aReadThatEndsAfterTheLeaseIsNotAnswered() {
    CountDownLatch untilTheLeaseHasEnded = new CountDownLatch(1);
    cluster
        .range(FIRST, 0)
        .read(engine -> Uninterruptibles.awaitUninterruptibly(untilTheLeaseHasEnded, 20, SECONDS));
    CounterServiceFutureStub calls = CounterServiceGrpc.newFutureStub(cluster.channel(FIRST));
    List<Future<?>> answers =
        List.of(
            calls.getCounts(request(Window.WINDOW_ALL, key(0)).build()),
            calls.getSeries(
                GetSeriesRequest.newBuilder()
                    .setMetric("clicks")
                    .setKey(key(0))
                    .setStep(Window.WINDOW_HOUR)
                    .setStartTime(ProtoTimes.timestamp(HOUR_START))
                    .setEndTime(ProtoTimes.timestamp(HOUR_START + HOUR))
                    .build()));
    cluster.connection(FIRST).outliveLease();
    untilTheLeaseHasEnded.countDown();

    for (Future<?> answer : answers) {
      refusal(Code.UNAVAILABLE, ErrorReason.ERROR_REASON_NO_SESSION, () -> answer.get(20, SECONDS));
    }
  }

  @Test
  void badRequestsAreRefused() {
    refusal(
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_SIZE,
        () -> counters.getCounts(request(Window.WINDOW_ALL).build()));
    Throwable badKey =
        refusal(
            Code.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_BAD_KEY,
            () -> counters.getCounts(request(Window.WINDOW_ALL, key(0), ByteString.EMPTY).build()));
    assertThat(badKey).hasMessageContaining("keys[1]");
    refusal(
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_WINDOW,
        () -> counters.getCounts(request(Window.WINDOW_UNSPECIFIED, key(0)).build()));
    refusal(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_METRIC_NOT_FOUND,
        () -> counters.getCounts(request(Window.WINDOW_ALL, key(0)).setMetric("absent").build()));
    refusal(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND,
        () ->
            counters.getCounts(request(Window.WINDOW_ALL, key(0)).setNamespace("absent").build()));
  }
}
