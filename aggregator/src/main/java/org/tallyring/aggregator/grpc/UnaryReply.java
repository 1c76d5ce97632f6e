package org.tallyring.aggregator.grpc;

import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.error.Errors;

/** Ties the answer of a unary call to a future. */
final class UnaryReply {

  /** How long a call may take whose caller sets no deadline. */
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  private UnaryReply() {}

  /** Answers with what the future comes to; a caller who gives up cancels it. */
  static <R> void of(CompletableFuture<R> future, StreamObserver<R> observer) {
    if (observer instanceof ServerCallStreamObserver<R> call) {
      call.setOnCancelHandler(() -> future.cancel(false));
    }
    future.whenComplete(
        (answer, failure) -> {
          if (future.isCancelled()) {
            return;
          }
          if (failure == null) {
            observer.onNext(answer);
            observer.onCompleted();
          } else {
            observer.onError(Errors.fromProto(Errors.toProto(failure)));
          }
        });
  }

  /** How much time the present call has. To be asked on the thread that handles the call. */
  static Duration timeout() {
    ServiceRequestContext context = ServiceRequestContext.currentOrNull();
    long millis = context == null ? 0 : context.requestTimeoutMillis();
    return millis <= 0 ? DEFAULT_TIMEOUT : Duration.ofMillis(millis);
  }
}
