package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.tallyring.shardserver.grpc.ShardCluster.FIRST;
import static org.tallyring.shardserver.grpc.ShardCluster.SECOND;
import static org.tallyring.shardserver.grpc.ShardCluster.UNOWNED;
import static org.tallyring.shardserver.grpc.ShardCluster.batch;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Status.Code;
import io.grpc.internal.testing.StreamRecorder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.EncodedStreamRequest;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.RecordForwardedRequest;
import org.tallyring.proto.internal.v1.RecordForwardedResponse;
import org.tallyring.proto.recording.EncodedStream;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.RecordStreamResponse.Outcome;
import org.tallyring.shardserver.coordination.Versioned;

final class RecordStreamTest {

  @RegisterExtension final InProcessGrpc grpc = new InProcessGrpc();

  private static final byte DELTAS_TAG = RecordBatch.DELTAS_FIELD_NUMBER << 3 | 2;

  private ShardCluster cluster;
  private final StreamRecorder<RecordStreamResponse> answers = StreamRecorder.create();
  private ClientCallStreamObserver<RecordStreamRequest> stream;

  @BeforeEach
  void openStream() {
    cluster = new ShardCluster(grpc);
    stream =
        (ClientCallStreamObserver<RecordStreamRequest>)
            CounterServiceGrpc.newStub(cluster.channel(FIRST)).recordStream(answers);
  }

  private void awaitAnswers(int count) {
    await().pollInterval(5, TimeUnit.MILLISECONDS).until(() -> answers.getValues().size() >= count);
  }

  private List<RecordStreamResponse> end() throws Exception {
    stream.onCompleted();
    assertThat(answers.awaitCompletion(10, TimeUnit.SECONDS)).isTrue();
    assertThat(answers.getError()).isNull();
    return answers.getValues();
  }

  private static void expect(RecordStreamResponse answer, Code code, ErrorReason reason) {
    assertThat(answer.getError().getCode()).as("%s", answer).isEqualTo(code.value());
    assertThat(Errors.reasonOf(answer.getError())).isEqualTo(reason);
  }

  @Test
  void everyBatchIsAnsweredUnderItsRangeAndSequenceBeforeTheStreamEnds() throws Exception {
    stream.onNext(batch(0, 1));
    stream.onNext(batch(1, 1));
    stream.onNext(batch(2, 1));
    stream.onNext(batch(0, 2));
    stream.onNext(batch(0, 1));

    assertThat(end())
        .extracting(answer -> answer.getRangeId() + "/" + answer.getSequence())
        .containsExactlyInAnyOrder("0/1", "1/1", "2/1", "0/2", "0/1");
    assertThat(answers.getValues())
        .allMatch(answer -> answer.getSessionId().equals(ShardCluster.session(1)))
        .extracting(RecordStreamResponse::getOutcome)
        .containsOnlyOnce(Outcome.OUTCOME_DUPLICATE)
        .contains(Outcome.OUTCOME_APPLIED);
  }

  @Test
  void theStreamEndsOnlyWhenTheLastBatchIsAnswered() throws Exception {
    cluster.journals.holdAcks(0);
    stream.onNext(batch(0, 1));
    stream.onCompleted();
    assertThat(answers.getValues()).isEmpty();
    await().until(() -> cluster.journals.entryCount(0) > 0);
    cluster.journals.releaseAcks(0);

    assertThat(answers.awaitCompletion(10, TimeUnit.SECONDS)).isTrue();
    assertThat(answers.getError()).isNull();
    assertThat(answers.getValues()).hasSize(1);
  }

  @Test
  void aStreamTakesOneMoreMessageForEachAnswerBeyond128() {
    cluster.journals.holdAcks(0);
    int sent = 0;
    while (stream.isReady() && sent < 1000) {
      stream.onNext(batch(0, ++sent));
    }
    assertThat(sent).isEqualTo(128);
    assertThat(answers.getValues()).isEmpty();

    await().until(() -> cluster.journals.entryCount(0) > 0);
    cluster.journals.releaseAcks(0);
    awaitAnswers(128);
    cluster.journals.holdAcks(0);
    await().until(stream::isReady);
    while (stream.isReady() && sent < 1000) {
      stream.onNext(batch(0, ++sent));
    }
    assertThat(sent).isEqualTo(256);
    cluster.journals.releaseAcks(0);
  }

  @Test
  void batchesForwardedToTheOwnerKeepTheirOrder() throws Exception {
    for (int sequence = 1; sequence <= 50; sequence++) {
      stream.onNext(batch(2, sequence));
    }
    List<Long> sequences = new ArrayList<>();
    for (RecordStreamResponse answer : end()) {
      assertThat(answer.getOutcome()).isEqualTo(Outcome.OUTCOME_APPLIED);
      sequences.add(answer.getSequence());
    }
    assertThat(sequences).isSorted().hasSize(50);
  }

  @Test
  void batchesKeepTheirOrderWhenTheNamespaceOfTheFirstIsLookedUp() throws Exception {
    cluster
        .connection(FIRST)
        .namespaces()
        .compareAndSet(
            Versioned.ABSENT, ShardCluster.DEFAULT.toBuilder().setName("new").setUid(2).build());
    cluster.coordination.namespaces().holdReads();
    stream.onNext(batch("new", 0, 1));
    cluster.tell();
    stream.onNext(batch("new", 0, 2));
    cluster.coordination.namespaces().answerReads();

    assertThat(end())
        .extracting(answer -> answer.getSequence() + " " + answer.getOutcome())
        .containsExactly("1 OUTCOME_APPLIED", "2 OUTCOME_APPLIED");
  }

  @Test
  void eachRefusalSaysWhyAndTheStreamGoesOn() throws Exception {
    stream.onNext(batch(4, 1));
    stream.onNext(batch(UNOWNED, 1));
    stream.onNext(batch("absent", 0, 1));
    stream.onNext(batch("Bad Name", 0, 1));
    stream.onNext(batch(0, 7));
    cluster.connection(FIRST).suspend();
    stream.onNext(batch("unreachable", 1, 1));
    stream.onNext(batch(1, 1));
    List<RecordStreamResponse> all = end();

    expect(all.get(0), Code.NOT_FOUND, ErrorReason.ERROR_REASON_RANGE_NOT_FOUND);
    expect(all.get(1), Code.UNAVAILABLE, ErrorReason.ERROR_REASON_RANGE_UNAVAILABLE);
    expect(all.get(2), Code.NOT_FOUND, ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND);
    expect(all.get(3), Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BAD_NAME);
    // The look-ups answer at once, the range on its loop.
    List<RecordStreamResponse> rest = all.subList(4, 7);
    assertThat(rest)
        .anySatisfy(
            answer ->
                expect(answer, Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_SESSION_EXPIRED))
        .anySatisfy(
            answer -> {
              expect(answer, Code.UNAVAILABLE, ErrorReason.ERROR_REASON_NO_SESSION);
              assertThat(answer.toString()).doesNotContain("out of touch");
            })
        .anyMatch(answer -> answer.getOutcome() == Outcome.OUTCOME_APPLIED);
  }

  @Test
  void aBatchForAPeerThatDoesNotAnswerIsInDoubt() throws Exception {
    cluster.unplug(SECOND);
    stream.onNext(batch(2, 1));
    RecordStreamResponse answer = end().get(0);

    assertThat(answer.getOutcome()).isEqualTo(Outcome.OUTCOME_IN_DOUBT);
    expect(answer, Code.UNAVAILABLE, ErrorReason.ERROR_REASON_IN_DOUBT);
  }

  @Test
  void aBatchSentToAShardThatIsNotTheOwnerIsNotSentOnAndTheOwnerIsNamed() {
    StreamRecorder<RecordForwardedResponse> forwarded = StreamRecorder.create();
    RangeServiceGrpc.newStub(cluster.channel(FIRST))
        .recordForwarded(forwarded)
        .onNext(forwarded(batch(2, 1), 7));
    await().until(() -> !forwarded.getValues().isEmpty());
    assertThat(forwarded.getValues().get(0).getNumber()).isEqualTo(7);
    RecordStreamResponse answer = forwarded.getValues().get(0).getResponse();

    expect(answer, Code.ABORTED, ErrorReason.ERROR_REASON_NOT_OWNER);
    assertThat(Errors.metadataOf(Errors.fromProto(answer.getError())))
        .containsEntry("rangeId", "2")
        .containsEntry("owner", SECOND)
        .containsEntry("ownerAddress", cluster.address(SECOND))
        .containsEntry("epoch", "1");
    assertThat(cluster.journals.entryCount(2)).isZero();
  }

  private static RecordForwardedRequest forwarded(RecordStreamRequest sent, long number) {
    return RecordForwardedRequest.newBuilder()
        .setSessionId(sent.getSessionId())
        .setBatch(sent.getBatch().toByteString())
        .setNumber(number)
        .build();
  }

  @Test
  void aShardThatStopsAnswersWhatWasForwardedToItAndLooksAtNothingMore() throws Exception {
    cluster.journals.holdAcks(2);
    StreamRecorder<RecordForwardedResponse> answered = StreamRecorder.create();
    StreamObserver<RecordForwardedRequest> forwarding =
        RangeServiceGrpc.newStub(cluster.channel(SECOND)).recordForwarded(answered);
    forwarding.onNext(forwarded(batch(2, 1), 1));
    await().until(() -> cluster.journals.entryCount(2) > 0);

    cluster.services(SECOND).sayGoodbye();
    forwarding.onNext(forwarded(batch(2, 2), 2));
    assertThat(answered.getValues()).isEmpty();
    cluster.journals.releaseAcks(2);

    assertThat(answered.awaitCompletion(10, TimeUnit.SECONDS)).isTrue();
    assertThat(answered.getError()).isNull();
    assertThat(answered.getValues())
        .extracting(answer -> answer.getNumber() + " " + answer.getResponse().getOutcome())
        .containsExactly("1 OUTCOME_APPLIED");
    assertThat(cluster.journals.entryCount(2)).isEqualTo(1);
  }

  @Test
  void batchesWhoseProducerIsGoneAreAppliedAllTheSame() {
    cluster.journals.holdAcks(0);
    stream.onNext(batch(0, 1));
    stream.cancel("gone", null);
    await().until(() -> cluster.journals.entryCount(0) > 0);
    cluster.journals.releaseAcks(0);

    StreamRecorder<RecordStreamResponse> again = StreamRecorder.create();
    CounterServiceGrpc.newStub(cluster.channel(SECOND)).recordStream(again).onNext(batch(0, 1));
    await().until(() -> !again.getValues().isEmpty());
    assertThat(again.getValues().get(0).getOutcome()).isEqualTo(Outcome.OUTCOME_DUPLICATE);
  }

  /** What no generated class would send. */
  private StreamObserver<EncodedStreamRequest> openRawStream() {
    return ClientCalls.asyncBidiStreamingCall(
        cluster.channel(FIRST).newCall(EncodedStream.METHOD, CallOptions.DEFAULT), answers);
  }

  private static EncodedStreamRequest raw(ByteString batch) {
    return EncodedStreamRequest.newBuilder().setBatch(batch).build();
  }

  @Test
  void aBatchWhoseColumnsCannotBeReadIsRefusedAndTheStreamGoesOn() throws Exception {
    ByteString good = batch(0, 1).getBatch().toByteString();
    // A column of one byte, which says that another follows.
    ByteString deltas = ByteString.copyFrom(new byte[] {DELTAS_TAG, 1, (byte) 0x80});
    StreamObserver<EncodedStreamRequest> raw = openRawStream();
    raw.onNext(raw(good.concat(deltas)));
    raw.onNext(raw(good));
    raw.onCompleted();
    assertThat(answers.awaitCompletion(10, TimeUnit.SECONDS)).isTrue();
    assertThat(answers.getError()).isNull();
    expect(answers.getValues().get(0), Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BAD_BATCH);
    assertThat(answers.getValues().get(0).getError().getMessage())
        .startsWith("batch: " + (good.size() + 3) + " bytes (expected: a RecordBatch; ");
    assertThat(answers.getValues().get(1).getOutcome()).isEqualTo(Outcome.OUTCOME_APPLIED);
  }

  @Test
  void aBatchThatIsNoneEndsTheStreamAndChangesNothing() throws Exception {
    StreamObserver<EncodedStreamRequest> raw = openRawStream();
    raw.onNext(raw(ByteString.copyFrom(new byte[] {(byte) 0xFF, (byte) 0xFF})));
    assertThat(answers.awaitCompletion(10, TimeUnit.SECONDS)).isTrue();
    assertThat(answers.getValues()).isEmpty();
    Throwable failure = answers.getError();
    assertThat(failure).hasMessageStartingWith("INVALID_ARGUMENT: batch: 2 bytes (expected: ");
    assertThat(Errors.reasonOf(failure)).isEqualTo(ErrorReason.ERROR_REASON_BAD_BATCH);
    assertThat(cluster.journals.entryCount(0)).isZero();
  }
}
