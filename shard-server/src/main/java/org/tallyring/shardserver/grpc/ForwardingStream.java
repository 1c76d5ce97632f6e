package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.Status.Code;
import io.grpc.SynchronizationContext;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceStub;
import org.tallyring.proto.internal.v1.RecordForwardedRequest;
import org.tallyring.proto.internal.v1.RecordForwardedResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.shardserver.engine.ReceivedBatch;
import org.tallyring.shardserver.ownership.Answers;

/**
 * The batches that this shard forwards to one other, all on one stream: a call for each would cost
 * more than the batch, since most forwarded batches are of one increment.
 *
 * <p><b>Outcome.</b> A batch has an outcome when the other shard says so. When the stream breaks,
 * or an answer takes longer than {@value #ANSWER_SECONDS} s, the batch is in doubt. When the other
 * shard ends the stream in good order, it has not looked at what is unanswered, so that is refused
 * and may be sent again. The next batch after the end of a stream opens another.
 *
 * <p><b>Bound.</b> At most {@value #MAX_BYTES} bytes of batches are unanswered; more are refused
 * with a delay after which to try again. Nothing else holds them back, because one range that
 * stands still must not hold up the others.
 *
 * <p><b>Threads.</b> Everything happens in a synchronization context, on whichever thread brings
 * something, with no lock held.
 */
final class ForwardingStream {

  private static final Logger log = LoggerFactory.getLogger(ForwardingStream.class);

  private static final long ANSWER_SECONDS = 10;
  private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(ANSWER_SECONDS);
  private static final int MAX_BYTES = 16 << 20;
  private static final Duration RETRY_DELAY = Duration.ofMillis(100);

  private final String address;
  private final RangeServiceStub stub;
  private final LongSupplier ticker;
  private final SynchronizationContext context =
      new SynchronizationContext((thread, defect) -> log.error("forwarding of batches", defect));

  /** By number, which is also the order of their deadlines. */
  private final TreeMap<Long, Unanswered> unanswered = new TreeMap<>();

  private int unansweredBytes;
  private long lastNumber;
  private @Nullable Outgoing stream;

  private record Unanswered(
      CompletableFuture<RecordStreamResponse.Builder> answer, int bytes, long deadlineNanos) {}

  /**
   * No stream yet.
   *
   * @param stub calls the other shard; what comes back is taken on the thread that brings it
   * @param ticker a monotonic clock, in nanoseconds
   */
  ForwardingStream(String address, RangeServiceStub stub, LongSupplier ticker) {
    this.address = address;
    this.stub = stub;
    this.ticker = ticker;
  }

  /** Forwards a batch; the future never fails. */
  CompletableFuture<RecordStreamResponse.Builder> send(ByteString session, ReceivedBatch batch) {
    CompletableFuture<RecordStreamResponse.Builder> answer = new CompletableFuture<>();
    int bytes = batch.bytes().size();
    context.execute(() -> send(session, batch, bytes, answer));
    return answer;
  }

  private void send(
      ByteString session,
      ReceivedBatch batch,
      int bytes,
      CompletableFuture<RecordStreamResponse.Builder> answer) {
    if (unansweredBytes > 0 && unansweredBytes + bytes > MAX_BYTES) {
      answer.complete(
          Answers.refused(
              Errors.retryable(
                  Code.RESOURCE_EXHAUSTED,
                  ErrorReason.ERROR_REASON_OVERLOADED,
                  "bytes forwarded to " + address + ": at the limit (expected: retry later)",
                  RETRY_DELAY)));
      return;
    }
    long number = ++lastNumber;
    unanswered.put(number, new Unanswered(answer, bytes, ticker.getAsLong() + ANSWER_NANOS));
    unansweredBytes += bytes;
    Outgoing open = stream;
    if (open == null) {
      open = new Outgoing();
      stream = open;
      open(open);
    }
    open.call.onNext(
        RecordForwardedRequest.newBuilder()
            .setSessionId(session)
            .setBatch(batch.bytes())
            .setNumber(number)
            .build());
  }

  /** The stream outlives the call whose batch is the first on it, so it must not end with that. */
  private void open(Outgoing opening) {
    Context.ROOT.run(() -> stub.recordForwarded(opening));
  }

  private void answered(RecordForwardedResponse response) {
    Unanswered sent = unanswered.remove(response.getNumber());
    // One that is in doubt already may still be answered; nobody waits for that any more.
    if (sent != null) {
      unansweredBytes -= sent.bytes();
      sent.answer().complete(response.getResponse().toBuilder());
    }
  }

  private void ended(Outgoing which, RecordStreamResponse.Builder outcome) {
    if (stream != which) {
      return;
    }
    stream = null;
    List<Unanswered> left = List.copyOf(unanswered.values());
    unanswered.clear();
    unansweredBytes = 0;
    left.forEach(sent -> sent.answer().complete(outcome.clone()));
  }

  /** Gives up what has waited too long. To be called every now and then. */
  void look() {
    context.execute(this::giveUpLate);
  }

  private void giveUpLate() {
    long now = ticker.getAsLong();
    boolean late = false;
    for (Iterator<Unanswered> oldest = unanswered.values().iterator(); oldest.hasNext(); ) {
      Unanswered sent = oldest.next();
      if (sent.deadlineNanos() - now > 0) {
        break;
      }
      late = true;
      oldest.remove();
      unansweredBytes -= sent.bytes();
      sent.answer().complete(noAnswer("nothing within " + ANSWER_SECONDS + " s"));
    }
    // What the other shard does not even read would pile up here.
    Outgoing open = stream;
    if (late && open != null && !open.call.isReady()) {
      String why = "batches are not taken";
      open.call.cancel(why, null);
      ended(open, noAnswer(why));
    }
  }

  private RecordStreamResponse.Builder noAnswer(String why) {
    return Answers.inDoubt("shard at " + address + " did not answer (" + why + ")");
  }

  /** One stream, from its opening to its end. */
  private final class Outgoing
      implements ClientResponseObserver<RecordForwardedRequest, RecordForwardedResponse> {

    @SuppressWarnings("NullAway.Init")
    private ClientCallStreamObserver<RecordForwardedRequest> call;

    @Override
    public void beforeStart(ClientCallStreamObserver<RecordForwardedRequest> opening) {
      call = opening;
    }

    @Override
    public void onNext(RecordForwardedResponse response) {
      context.execute(() -> answered(response));
    }

    @Override
    public void onError(Throwable failure) {
      context.execute(() -> ended(this, noAnswer(String.valueOf(failure.getMessage()))));
    }

    @Override
    public void onCompleted() {
      context.execute(
          () ->
              ended(
                  this,
                  Answers.refused(
                      Errors.retryable(
                          Code.UNAVAILABLE,
                          ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF,
                          "shard at " + address + " takes no more batches (expected: retry)",
                          RETRY_DELAY))));
    }
  }
}
