package org.tallyring.shardserver.grpc;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.Status.Code;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.shardserver.coordination.CoordinationException;
import org.tallyring.shardserver.engine.KeysNotHeldException;
import org.tallyring.shardserver.engine.ScoreOverflowException;

/** The seam between gRPC's observers and futures and ours. */
final class Calls {

  private static final Logger log = LoggerFactory.getLogger(Calls.class);

  /** When to try again while the coordination service does not answer. */
  private static final Duration STORE_DELAY = Duration.ofMillis(200);

  private Calls() {}

  /** Answers a unary call when the future completes. */
  static <T> void answer(StreamObserver<T> call, CompletableFuture<T> result) {
    result.whenComplete(
        (response, failure) -> {
          if (failure != null) {
            call.onError(toStatus(failure));
          } else {
            call.onNext(response);
            call.onCompleted();
          }
        });
  }

  /** A gRPC stub's future as a Java one. */
  static <T> CompletableFuture<T> toFuture(ListenableFuture<T> call) {
    CompletableFuture<T> future = new CompletableFuture<>();
    Futures.addCallback(
        call,
        new FutureCallback<T>() {
          @Override
          public void onSuccess(@Nullable T result) {
            future.complete(result);
          }

          @Override
          public void onFailure(Throwable failure) {
            future.completeExceptionally(failure);
          }
        },
        MoreExecutors.directExecutor());
    return future;
  }

  /** What a store answers; when it could not be asked, a failure that says so to callers. */
  static <T> CompletableFuture<T> reaching(CompletableFuture<T> answer) {
    return answer.exceptionallyCompose(
        thrown -> {
          Throwable failure = unwrap(thrown);
          if (!(failure instanceof CoordinationException)) {
            return CompletableFuture.failedFuture(failure);
          }
          log.info("coordination service not reached ({})", failure.toString());
          return CompletableFuture.failedFuture(
              Errors.retryable(
                  Code.UNAVAILABLE,
                  ErrorReason.ERROR_REASON_NO_SESSION,
                  "coordination service: no answer (expected: one; is ZooKeeper reachable?)",
                  STORE_DELAY));
        });
  }

  static Throwable unwrap(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /** What a caller is told of a failure; what is not meant for callers is logged instead. */
  static RuntimeException toStatus(Throwable thrown) {
    Throwable failure = refused(unwrap(thrown));
    if (Errors.reasonOf(failure) == ErrorReason.ERROR_REASON_UNSPECIFIED) {
      log.error("call failed", failure);
    }
    return StatusProto.toStatusRuntimeException(Errors.toProto(failure));
  }

  /** A question that the engine cannot answer, as an error of the API. */
  private static Throwable refused(Throwable failure) {
    if (failure instanceof ScoreOverflowException) {
      return Errors.of(
          Code.OUT_OF_RANGE,
          ErrorReason.ERROR_REASON_COUNT_OVERFLOW,
          String.valueOf(failure.getMessage()));
    }
    if (failure instanceof KeysNotHeldException) {
      return Errors.of(
          Code.FAILED_PRECONDITION,
          ErrorReason.ERROR_REASON_BAD_STRATEGY,
          String.valueOf(failure.getMessage()));
    }
    return failure;
  }
}
