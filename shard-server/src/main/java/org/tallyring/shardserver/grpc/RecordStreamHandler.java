package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import io.grpc.SynchronizationContext;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.EncodedStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.shardserver.engine.ReceivedBatch;

/**
 * One producer's stream.
 *
 * <p><b>Flow control.</b> The stream asks the transport for one more message for each answer it has
 * sent, so at most {@value #UNANSWERED} batches of a stream are inside the shard; a slow disk stops
 * the producer through HTTP/2, not through memory. Answers are small and bounded by the same
 * number, so they are not held back when the producer reads slowly.
 *
 * <p><b>Order.</b> Batches of a range held here queue on its loop in the order of arrival. Batches
 * that must be forwarded, or whose namespace must be looked up first, go one at a time per range,
 * since calls between shards and look-ups could overtake each other.
 */
final class RecordStreamHandler implements StreamObserver<EncodedStreamRequest> {

  private static final Logger log = LoggerFactory.getLogger(RecordStreamHandler.class);

  private static final int UNANSWERED = 128;

  private final BatchRouter router;
  private final ServerCallStreamObserver<RecordStreamResponse> answers;
  private final Map<Integer, CompletableFuture<RecordStreamResponse>> oneByOne = new HashMap<>();

  /** Answers come from the loops of several ranges, and a stream is written by one at a time. */
  private final SynchronizationContext context =
      new SynchronizationContext((thread, defect) -> log.error("producer's stream", defect));

  private int unanswered;
  private boolean inputEnded;
  private boolean ended;

  RecordStreamHandler(BatchRouter router, ServerCallStreamObserver<RecordStreamResponse> answers) {
    this.router = router;
    this.answers = answers;
    answers.disableAutoRequest();
    answers.setOnCancelHandler(this::end);
    answers.request(UNANSWERED);
  }

  @Override
  public void onNext(EncodedStreamRequest request) {
    ReceivedBatch batch = BatchRouter.received(request.getBatch());
    context.execute(() -> unanswered++);
    send(request.getSessionId(), batch)
        .whenComplete((response, failure) -> context.execute(() -> answer(response, failure)));
  }

  private CompletableFuture<RecordStreamResponse> send(ByteString session, ReceivedBatch batch) {
    int rangeId = batch.rangeId();
    CompletableFuture<RecordStreamResponse> before = oneByOne.get(rangeId);
    if (before != null && before.isDone()) {
      oneByOne.remove(rangeId);
      before = null;
    }
    if (before == null && router.goesStraight(batch)) {
      return router.route(session, batch);
    }
    CompletableFuture<RecordStreamResponse> after =
        before == null
            ? router.route(session, batch)
            : before.thenCompose(done -> router.route(session, batch));
    oneByOne.put(rangeId, after);
    return after;
  }

  private void answer(@Nullable RecordStreamResponse response, @Nullable Throwable failure) {
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
    answers.onNext(response);
    if (inputEnded && unanswered == 0) {
      ended = true;
      answers.onCompleted();
    } else {
      answers.request(1);
    }
  }

  @Override
  public void onError(Throwable cause) {
    end();
  }

  @Override
  public void onCompleted() {
    context.execute(
        () -> {
          inputEnded = true;
          if (unanswered == 0 && !ended) {
            ended = true;
            answers.onCompleted();
          }
        });
  }

  private void end() {
    context.execute(() -> ended = true);
  }
}
