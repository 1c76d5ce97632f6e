package org.tallyring.shardserver.grpc;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;

/** The seam between gRPC's observers and futures and ours. */
final class Calls {

  private static final Logger log = LoggerFactory.getLogger(Calls.class);

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

  static Throwable unwrap(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /** What a caller is told of a failure; what is not meant for callers is logged instead. */
  static RuntimeException toStatus(Throwable thrown) {
    Throwable failure = unwrap(thrown);
    if (Errors.reasonOf(failure) == ErrorReason.ERROR_REASON_UNSPECIFIED) {
      log.error("call failed", failure);
    }
    return StatusProto.toStatusRuntimeException(Errors.toProto(failure));
  }
}
