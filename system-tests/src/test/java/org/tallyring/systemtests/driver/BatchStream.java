package org.tallyring.systemtests.driver;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;

/** One RecordStream with a session of its own, for batches that no client library would send. */
public final class BatchStream implements AutoCloseable {

  private static final long ANSWER_SECONDS = 20;

  private final ByteString session;
  private final BlockingQueue<Object> answers = new LinkedBlockingQueue<>();
  private final StreamObserver<RecordStreamRequest> requests;

  /** Opens a stream to a server. */
  public BatchStream(ClusterApi api) {
    byte[] id = new byte[16];
    ThreadLocalRandom.current().nextBytes(id);
    session = ByteString.copyFrom(id);
    requests =
        api.streams()
            .recordStream(
                new StreamObserver<>() {
                  @Override
                  public void onNext(RecordStreamResponse answer) {
                    answers.add(answer);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    answers.add(failure);
                  }

                  @Override
                  public void onCompleted() {
                    answers.add(new IllegalStateException("stream: completed by the server"));
                  }
                });
  }

  /** Sends a batch in this stream's session and waits for its answer. */
  public RecordStreamResponse send(RecordBatch batch) {
    return send(session, batch);
  }

  /** Sends a batch in any session and waits for its answer. */
  public RecordStreamResponse send(ByteString sessionId, RecordBatch batch) {
    Object answer = sendForAny(sessionId, batch);
    if (answer instanceof RecordStreamResponse response) {
      return response;
    }
    throw new AssertionError("stream: ended (expected: an answer)", (Throwable) answer);
  }

  /** Sends a batch that ends the stream. */
  public Throwable sendForFailure(RecordBatch batch) {
    Object answer = sendForAny(session, batch);
    if (answer instanceof Throwable failure) {
      return failure;
    }
    throw new AssertionError("answer: " + answer + " (expected: the end of the stream)");
  }

  private Object sendForAny(ByteString sessionId, RecordBatch batch) {
    requests.onNext(
        RecordStreamRequest.newBuilder().setSessionId(sessionId).setBatch(batch).build());
    try {
      Object answer = answers.poll(ANSWER_SECONDS, TimeUnit.SECONDS);
      if (answer == null) {
        throw new AssertionError("stream: no answer within " + ANSWER_SECONDS + " s");
      }
      return answer;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  @Override
  public void close() {
    requests.onCompleted();
  }
}
