package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.tallyring.shardserver.grpc.Refusals.refusal;
import static org.tallyring.shardserver.grpc.ShardCluster.FIRST;
import static org.tallyring.shardserver.grpc.ShardCluster.SECOND;
import static org.tallyring.shardserver.grpc.ShardCluster.UNOWNED;
import static org.tallyring.shardserver.grpc.ShardCluster.key;

import com.google.protobuf.ByteString;
import com.google.rpc.BadRequest;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.internal.testing.StreamRecorder;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.CounterServiceGrpc.CounterServiceBlockingStub;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordResponse;
import org.tallyring.shardserver.ownership.RangeSettings;

final class RecordTest {

  @RegisterExtension final InProcessGrpc grpc = new InProcessGrpc();

  private ShardCluster cluster;
  private CounterServiceBlockingStub counters;

  @BeforeEach
  void startCluster() {
    cluster = new ShardCluster(grpc);
    counters = CounterServiceGrpc.newBlockingStub(cluster.channel(FIRST));
  }

  private static Increment increment(ByteString key) {
    return Increment.newBuilder().setKey(key).setMetric("clicks").build();
  }

  private static RecordRequest request(ByteString requestId, Increment... increments) {
    return RecordRequest.newBuilder()
        .setRequestId(requestId)
        .addAllIncrements(List.of(increments))
        .build();
  }

  private int entries() {
    int sum = 0;
    for (int rangeId = 0; rangeId < ShardCluster.TABLE.rangeCount(); rangeId++) {
      sum += cluster.journals.entryCount(rangeId);
    }
    return sum;
  }

  @Test
  void anyShardTakesAnyKeysAndARepeatOfTheRequestIsADuplicateEverywhere() {
    RecordRequest request =
        request(
            ShardCluster.session(1),
            increment(key(0)),
            increment(key(2)),
            increment(key(1)),
            increment(key(2)));
    assertThat(counters.record(request))
        .isEqualTo(RecordResponse.newBuilder().setApplied(4).build());
    CounterServiceBlockingStub second = CounterServiceGrpc.newBlockingStub(cluster.channel(SECOND));
    assertThat(second.record(request))
        .isEqualTo(RecordResponse.newBuilder().setDuplicate(4).build());
    assertThat(entries()).isEqualTo(3);
  }

  @Test
  void withoutARequestIdEachCallCounts() {
    RecordRequest request = request(ByteString.EMPTY, increment(key(0)));
    assertThat(counters.record(request).getApplied()).isEqualTo(1);
    assertThat(counters.record(request).getApplied()).isEqualTo(1);
    assertThat(entries()).isEqualTo(2);
  }

  @Test
  void anInvalidIncrementIsNamedByItsPlaceInTheRequestAndNothingIsRecorded() throws Exception {
    Throwable failure =
        refusal(
            Code.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_BAD_DELTA,
            () ->
                counters.record(
                    request(
                        ByteString.EMPTY,
                        increment(key(2)),
                        increment(key(0)),
                        increment(key(2)).toBuilder().setDelta(0).build())));
    assertThat(failure).hasMessageContaining("delta: 0 (expected: ");
    assertThat(StatusProto.fromThrowable(failure).getDetails(1).unpack(BadRequest.class))
        .extracting(bad -> bad.getFieldViolations(0).getField())
        .isEqualTo("increments[2].delta");
    assertThat(entries()).isZero();
  }

  @Test
  void anIncrementThatWouldOverflowIsNamedByItsPlaceInTheRequest() {
    Increment largest = increment(key(2)).toBuilder().setDelta(Long.MAX_VALUE).build();
    counters.record(request(ByteString.EMPTY, largest));
    Throwable failure =
        refusal(
            Code.OUT_OF_RANGE,
            ErrorReason.ERROR_REASON_COUNT_OVERFLOW,
            () -> counters.record(request(ByteString.EMPTY, increment(key(0)), increment(key(2)))));
    assertThat(failure).hasMessageContaining("increments[1].delta: ");
  }

  @Test
  void badRequestsAreRefused() {
    refusal(
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_SIZE,
        () -> counters.record(RecordRequest.getDefaultInstance()));
    refusal(
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_SESSION,
        () -> counters.record(request(ByteString.copyFromUtf8("short"), increment(key(0)))));
    refusal(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_METRIC_NOT_FOUND,
        () ->
            counters.record(
                request(
                    ByteString.EMPTY, increment(key(0)).toBuilder().setMetric("absent").build())));
    refusal(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND,
        () ->
            counters.record(
                request(ByteString.EMPTY, increment(key(0))).toBuilder()
                    .setNamespace("absent")
                    .build()));
    assertThat(entries()).isZero();
  }

  @Test
  void aRangeWithoutAnOwnerIsWaitedForWhileTheDeadlineLasts() throws Exception {
    StreamRecorder<RecordResponse> waiting = StreamRecorder.create();
    CounterServiceGrpc.newStub(cluster.channel(FIRST))
        .record(request(ByteString.EMPTY, increment(key(UNOWNED))), waiting);
    assertThat(waiting.getValues()).isEmpty();
    cluster.assign(UNOWNED, SECOND);

    assertThat(waiting.awaitCompletion(10, TimeUnit.SECONDS)).isTrue();
    assertThat(waiting.getError()).isNull();
    assertThat(waiting.getValues())
        .containsExactly(RecordResponse.newBuilder().setApplied(1).build());
  }

  @Test
  void callsBeyondTheBytesThatAShardHoldsAreRefusedWithADelayAndTakenOnceThereIsRoom() {
    ShardCluster small =
        new ShardCluster(grpc, new RangeSettings(Long.MAX_VALUE, Long.MAX_VALUE, 50_000));
    Increment[] many = new Increment[1_000];
    Arrays.fill(many, increment(key(0)));
    RecordRequest request = request(ByteString.EMPTY, many);
    StreamRecorder<RecordResponse> held = StreamRecorder.create();
    small.journals.holdAcks(0);
    List<StatusRuntimeException> refused = new ArrayList<>();
    CounterServiceGrpc.newStub(small.channel(FIRST)).record(request, held);
    for (int i = 0; refused.isEmpty() && i < 100; i++) {
      StreamRecorder<RecordResponse> more = StreamRecorder.create();
      CounterServiceGrpc.newStub(small.channel(FIRST)).record(request, more);
      if (more.getError() instanceof StatusRuntimeException refusal) {
        refused.add(refusal);
      }
    }

    assertThat(refused).hasSize(1);
    assertThat(refused.get(0).getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
    assertThat(Errors.reasonOf(refused.get(0))).isEqualTo(ErrorReason.ERROR_REASON_OVERLOADED);
    assertThat(Errors.retryDelayOf(refused.get(0))).isPresent();
    await().until(() -> small.journals.entryCount(0) > 0);
    small.journals.releaseAcks(0);
    await().until(() -> !held.getValues().isEmpty());
    await()
        .ignoreException(StatusRuntimeException.class)
        .until(
            () ->
                CounterServiceGrpc.newBlockingStub(small.channel(FIRST))
                        .record(request)
                        .getApplied()
                    == many.length);
  }
}
