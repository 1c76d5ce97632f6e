package org.tallyring.shardserver.grpc;

import io.grpc.SynchronizationContext;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.RecordForwardedRequest;
import org.tallyring.proto.internal.v1.RecordForwardedResponse;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.shardserver.engine.ReceivedBatch;

/**
 * The batches that one other shard forwards here. They are answered as they are done, in any order.
 * What is inside is bounded by what the other shard sends unanswered, and by the shard's budget.
 */
final class ForwardedBatches implements StreamObserver<RecordForwardedRequest> {

  private static final Logger log = LoggerFactory.getLogger(ForwardedBatches.class);

  private final BatchRouter router;
  private final ServerCallStreamObserver<RecordForwardedResponse> answers;

  /** Answers come from the loops of several ranges, and a stream is written by one at a time. */
  private final SynchronizationContext context =
      new SynchronizationContext((thread, defect) -> log.error("forwarded batches", defect));

  private int unanswered;
  private boolean ending;
  private boolean ended;

  /**
   * A stream.
   *
   * @param onEnd told of it when the stream is over
   */
  ForwardedBatches(
      BatchRouter router,
      ServerCallStreamObserver<RecordForwardedResponse> answers,
      Consumer<ForwardedBatches> onEnd) {
    this.router = router;
    this.answers = answers;
    answers.setOnCancelHandler(() -> onEnd.accept(this));
    answers.setOnCloseHandler(() -> onEnd.accept(this));
  }

  @Override
  public void onNext(RecordForwardedRequest request) {
    ReceivedBatch batch = BatchRouter.received(request.getBatch());
    context.execute(() -> take(request, batch));
  }

  private void take(RecordForwardedRequest request, ReceivedBatch batch) {
    if (ending || ended) {
      return;
    }
    unanswered++;
    router
        .takeForwarded(request.getSessionId(), batch)
        .whenComplete(
            (response, failure) ->
                context.execute(() -> answer(request.getNumber(), response, failure)));
  }

  private void answer(
      long number, @Nullable RecordStreamResponse response, @Nullable Throwable failure) {
    unanswered--;
    if (ended || answers.isCancelled()) {
      return;
    }
    if (failure != null || response == null) {
      ended = true;
      answers.onError(
          Calls.toStatus(failure == null ? new IllegalStateException("no answer") : failure));
      return;
    }
    answers.onNext(
        RecordForwardedResponse.newBuilder().setNumber(number).setResponse(response).build());
    endWhenAnswered();
  }

  @Override
  public void onError(Throwable cause) {
    context.execute(() -> ended = true);
  }

  @Override
  public void onCompleted() {
    end();
  }

  /** Ends it in good order: what is inside is answered, what comes later is not looked at. */
  void end() {
    context.execute(
        () -> {
          ending = true;
          endWhenAnswered();
        });
  }

  private void endWhenAnswered() {
    if (ending && !ended && unanswered == 0) {
      ended = true;
      answers.onCompleted();
    }
  }
}
