package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.Status.Code;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceImplBase;
import org.tallyring.proto.internal.v1.RecordForwardedRequest;
import org.tallyring.proto.internal.v1.RecordForwardedResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.RecordStreamResponse.Outcome;
import org.tallyring.shardserver.engine.ReceivedBatch;

/** Against a shard that answers when the test says so. */
final class ForwardingStreamTest {

  private static final int MEBIBYTE = 1 << 20;

  @RegisterExtension final InProcessGrpc grpc = new InProcessGrpc();

  private final List<Incoming> streams = new ArrayList<>();
  private final AtomicLong nanos = new AtomicLong();
  private boolean reading = true;
  private ForwardingStream forwarding;

  private final class Incoming implements StreamObserver<RecordForwardedRequest> {

    private final ServerCallStreamObserver<RecordForwardedResponse> answers;
    private final List<RecordForwardedRequest> taken = new ArrayList<>();

    Incoming(StreamObserver<RecordForwardedResponse> answers) {
      this.answers = (ServerCallStreamObserver<RecordForwardedResponse>) answers;
      this.answers.setOnCancelHandler(() -> {});
      if (!reading) {
        this.answers.disableAutoRequest();
      }
    }

    @Override
    public void onNext(RecordForwardedRequest request) {
      taken.add(request);
    }

    void answer(int index) {
      RecordForwardedRequest request = taken.get(index);
      answers.onNext(
          RecordForwardedResponse.newBuilder()
              .setNumber(request.getNumber())
              .setResponse(
                  RecordStreamResponse.newBuilder()
                      .setRangeId(BatchRouter.received(request.getBatch()).rangeId())
                      .setOutcome(Outcome.OUTCOME_APPLIED))
              .build());
    }

    @Override
    public void onError(Throwable cause) {}

    @Override
    public void onCompleted() {}
  }

  @BeforeEach
  void serve() {
    String name = InProcessServerBuilder.generateName();
    grpc.serve(
        name,
        builder ->
            builder.addService(
                new RangeServiceImplBase() {
                  @Override
                  public StreamObserver<RecordForwardedRequest> recordForwarded(
                      StreamObserver<RecordForwardedResponse> answers) {
                    streams.add(new Incoming(answers));
                    return streams.get(streams.size() - 1);
                  }
                }));
    forwarding =
        new ForwardingStream(name, RangeServiceGrpc.newStub(grpc.channel(name)), nanos::get);
  }

  private CompletableFuture<RecordStreamResponse.Builder> send(int rangeId) {
    return send(rangeId, 10);
  }

  private CompletableFuture<RecordStreamResponse.Builder> send(int rangeId, int keyBytes) {
    return forwarding.send(
        ByteString.EMPTY,
        ReceivedBatch.of(
            RecordBatch.newBuilder()
                .setRangeId(rangeId)
                .setKeys(ByteString.copyFrom(new byte[keyBytes]))
                .build()));
  }

  private static void expect(
      CompletableFuture<RecordStreamResponse.Builder> answer,
      Outcome outcome,
      Code code,
      ErrorReason reason) {
    assertThat(answer).isDone();
    RecordStreamResponse response = answer.join().build();
    assertThat(response.getOutcome()).isEqualTo(outcome);
    assertThat(response.getError().getCode()).isEqualTo(code.value());
    assertThat(Errors.reasonOf(response.getError())).isEqualTo(reason);
    assertThat(Errors.retryDelayOf(Errors.fromProto(response.getError()))).isPresent();
  }

  @Test
  void batchesShareAStreamAndEachGetsItsOwnAnswer() {
    var first = send(1);
    var second = send(2);
    var third = send(3);

    assertThat(streams).hasSize(1);
    streams.get(0).answer(2);
    streams.get(0).answer(0);
    assertThat(second).isNotDone();
    assertThat(first.join().getRangeId()).isEqualTo(1);
    assertThat(third.join().getRangeId()).isEqualTo(3);
    streams.get(0).answer(1);
    assertThat(second.join().getRangeId()).isEqualTo(2);
  }

  @Test
  void theStreamOutlivesTheCallThatOpenedIt() {
    Context.CancellableContext call = Context.current().withCancellation();
    call.run(() -> send(1));
    var second = send(2);
    call.cancel(null);

    assertThat(streams.get(0).answers.isCancelled()).isFalse();
    streams.get(0).answer(1);
    assertThat(second.join().getRangeId()).isEqualTo(2);
  }

  @Test
  void whatIsUnansweredOnABrokenStreamIsInDoubtAndTheNextBatchOpensAnother() {
    var first = send(1);
    var second = send(2);
    streams.get(0).answer(0);
    streams.get(0).answers.onError(Code.INTERNAL.toStatus().asRuntimeException());

    assertThat(first.join().getOutcome()).isEqualTo(Outcome.OUTCOME_APPLIED);
    expect(second, Outcome.OUTCOME_IN_DOUBT, Code.UNAVAILABLE, ErrorReason.ERROR_REASON_IN_DOUBT);
    var third = send(3);
    assertThat(streams).hasSize(2);
    streams.get(1).answer(0);
    assertThat(third.join().getRangeId()).isEqualTo(3);
  }

  @Test
  void whatIsUnansweredWhenTheShardEndsTheStreamInGoodOrderWasNotTaken() {
    var first = send(1);
    streams.get(0).answers.onCompleted();

    expect(
        first,
        Outcome.OUTCOME_REFUSED,
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF);
    var second = send(2);
    streams.get(1).answer(0);
    assertThat(second.join().getRangeId()).isEqualTo(2);
  }

  @Test
  void moreThan16MebibytesUnansweredAreRefusedUntilAnswersCome() {
    List<CompletableFuture<RecordStreamResponse.Builder>> held = new ArrayList<>();
    for (int i = 0; i < 15; i++) {
      held.add(send(1, MEBIBYTE));
    }
    var beyond = send(2, 2 * MEBIBYTE);

    expect(
        beyond,
        Outcome.OUTCOME_REFUSED,
        Code.RESOURCE_EXHAUSTED,
        ErrorReason.ERROR_REASON_OVERLOADED);
    assertThat(held).noneMatch(CompletableFuture::isDone);
    assertThat(streams.get(0).taken).hasSize(15);
    streams.get(0).answer(0);
    streams.get(0).answer(1);
    assertThat(send(2, 2 * MEBIBYTE)).isNotDone();
    assertThat(streams.get(0).taken).hasSize(16);
  }

  @Test
  void anAnswerThatDoesNotComeForTenSecondsIsInDoubtAndTheOthersWaitOn() {
    var first = send(1);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(6));
    var second = send(2);
    forwarding.look();
    assertThat(first).isNotDone();
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(5));
    forwarding.look();

    expect(first, Outcome.OUTCOME_IN_DOUBT, Code.UNAVAILABLE, ErrorReason.ERROR_REASON_IN_DOUBT);
    assertThat(second).isNotDone();
    streams.get(0).answer(0);
    streams.get(0).answer(1);
    assertThat(second.join().getRangeId()).isEqualTo(2);
    assertThat(streams).hasSize(1);
  }

  @Test
  void aShardThatDoesNotEvenReadIsGivenUpWithAllThatIsUnanswered() {
    reading = false;
    var first = send(1);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(6));
    var second = send(2);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(5));
    forwarding.look();

    expect(first, Outcome.OUTCOME_IN_DOUBT, Code.UNAVAILABLE, ErrorReason.ERROR_REASON_IN_DOUBT);
    expect(second, Outcome.OUTCOME_IN_DOUBT, Code.UNAVAILABLE, ErrorReason.ERROR_REASON_IN_DOUBT);
    assertThat(streams.get(0).answers.isCancelled()).isTrue();
    reading = true;
    var third = send(3);
    streams.get(1).answer(0);
    assertThat(third.join().getRangeId()).isEqualTo(3);
  }
}
