package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.grpc.Refusals.expect;
import static org.tallyring.shardserver.grpc.Refusals.refusal;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.internal.testing.StreamRecorder;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.CounterServiceGrpc.CounterServiceImplBase;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordResponse;
import org.tallyring.proto.v1.RecordStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;

/** What becomes of the failures of handlers that are nothing but failures. */
final class ErrorInterceptorTest {

  @RegisterExtension final InProcessGrpc grpc = new InProcessGrpc();

  private RuntimeException failure = new IllegalStateException("secret");
  private boolean failAtStart;
  private int messages;
  private ManagedChannel channel;

  private final class Failing extends CounterServiceImplBase {
    @Override
    public void record(RecordRequest request, StreamObserver<RecordResponse> call) {
      messages++;
      throw failure;
    }

    @Override
    public void getCounts(GetCountsRequest request, StreamObserver<GetCountsResponse> call) {
      Calls.answer(call, CompletableFuture.failedFuture(failure));
    }

    @Override
    public StreamObserver<RecordStreamRequest> recordStream(
        StreamObserver<RecordStreamResponse> call) {
      if (failAtStart) {
        throw failure;
      }
      return new StreamObserver<>() {
        @Override
        public void onNext(RecordStreamRequest request) {
          messages++;
          throw failure;
        }

        @Override
        public void onError(Throwable cause) {}

        @Override
        public void onCompleted() {}
      };
    }
  }

  @BeforeEach
  void serve() {
    String name = InProcessServerBuilder.generateName();
    grpc.serve(
        name, builder -> builder.addService(new Failing()).intercept(new ErrorInterceptor()));
    channel = grpc.channel(name);
  }

  private Throwable endOfStream(RecordStreamRequest... requests) throws Exception {
    StreamRecorder<RecordStreamResponse> answers = StreamRecorder.create();
    StreamObserver<RecordStreamRequest> stream =
        CounterServiceGrpc.newStub(channel).recordStream(answers);
    for (RecordStreamRequest request : requests) {
      stream.onNext(request);
    }
    assertThat(answers.awaitCompletion(10, TimeUnit.SECONDS)).isTrue();
    return answers.getError();
  }

  private static void expectDefect(Throwable answer) {
    expect(Code.INTERNAL, ErrorReason.ERROR_REASON_INTERNAL, answer);
    assertThat(answer).hasMessageNotContaining("secret");
    assertThat(Status.trailersFromThrowable(answer).toString()).doesNotContain("secret");
  }

  @Test
  void aDefectIsInternalAndKeepsItsTextWhereverItHappens() throws Exception {
    expectDefect(
        refusal(
            Code.INTERNAL,
            ErrorReason.ERROR_REASON_INTERNAL,
            () ->
                CounterServiceGrpc.newBlockingStub(channel)
                    .record(RecordRequest.getDefaultInstance())));
    expectDefect(
        refusal(
            Code.INTERNAL,
            ErrorReason.ERROR_REASON_INTERNAL,
            () ->
                CounterServiceGrpc.newBlockingStub(channel)
                    .getCounts(GetCountsRequest.getDefaultInstance())));
    expectDefect(endOfStream(RecordStreamRequest.getDefaultInstance()));
    failAtStart = true;
    expectDefect(endOfStream());
  }

  @Test
  void afterADefectAStreamHearsNoMoreMessages() throws Exception {
    RecordStreamRequest request = RecordStreamRequest.getDefaultInstance();
    StreamRecorder<RecordStreamResponse> answers = StreamRecorder.create();
    StreamObserver<RecordStreamRequest> stream =
        CounterServiceGrpc.newStub(channel).recordStream(answers);
    stream.onNext(request);
    stream.onNext(request);

    assertThat(answers.awaitCompletion(10, TimeUnit.SECONDS)).isTrue();
    assertThat(messages).isEqualTo(1);
  }

  @Test
  void anErrorMeantForCallersIsPassedOnAsItIs() throws Exception {
    failure = Errors.invalid(ErrorReason.ERROR_REASON_BAD_K, "k", "k: 0 (expected: 1..1000)");
    for (int i = 0; i < 2; i++) {
      boolean thrown = i == 0;
      Throwable answer =
          refusal(
              Code.INVALID_ARGUMENT,
              ErrorReason.ERROR_REASON_BAD_K,
              () -> {
                if (thrown) {
                  CounterServiceGrpc.newBlockingStub(channel)
                      .record(RecordRequest.getDefaultInstance());
                } else {
                  CounterServiceGrpc.newBlockingStub(channel)
                      .getCounts(GetCountsRequest.getDefaultInstance());
                }
              });
      assertThat(answer).hasMessageContaining("k: 0 (expected: 1..1000)");
    }
  }

  @Test
  void aMessageAboveFourMebibytesIsRefusedBeforeItsHandlerSeesIt() throws Exception {
    ByteString large = ByteString.copyFrom(new byte[ErrorInterceptor.MAX_MESSAGE_BYTES + 1]);
    refusal(
        Code.RESOURCE_EXHAUSTED,
        ErrorReason.ERROR_REASON_MESSAGE_TOO_LARGE,
        () ->
            CounterServiceGrpc.newBlockingStub(channel)
                .record(RecordRequest.newBuilder().setRequestId(large).build()));
    expect(
        Code.RESOURCE_EXHAUSTED,
        ErrorReason.ERROR_REASON_MESSAGE_TOO_LARGE,
        endOfStream(RecordStreamRequest.newBuilder().setSessionId(large).build()));
    assertThat(messages).isZero();
  }
}
