package org.tallyring.shardserver.grpc;

import com.google.protobuf.MessageLite;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;

/**
 * The one place where what a handler throws becomes a status with an ErrorInfo, so that no caller
 * ever sees UNKNOWN.
 *
 * <p>It also refuses messages over {@value #MAX_MESSAGE_BYTES} bytes. The transport's own limit is
 * twice as high, because it can only reset the stream, which tells the caller nothing.
 */
final class ErrorInterceptor implements ServerInterceptor {

  private static final Logger log = LoggerFactory.getLogger(ErrorInterceptor.class);

  /** The largest message that a handler gets to see. */
  static final int MAX_MESSAGE_BYTES = 4 << 20;

  @Override
  public <ReqT, RespT> ServerCall.Listener<ReqT> interceptCall(
      ServerCall<ReqT, RespT> call, Metadata headers, ServerCallHandler<ReqT, RespT> next) {
    ServerCall.Listener<ReqT> listener;
    try {
      listener = next.startCall(call, headers);
    } catch (RuntimeException e) {
      close(call, e);
      return new ServerCall.Listener<>() {};
    }
    return new SimpleForwardingServerCallListener<>(listener) {
      private boolean closed;

      @Override
      public void onMessage(ReqT message) {
        if (closed) {
          return;
        }
        int bytes = message instanceof MessageLite lite ? lite.getSerializedSize() : 0;
        if (bytes > MAX_MESSAGE_BYTES) {
          close(
              Errors.of(
                  Code.RESOURCE_EXHAUSTED,
                  ErrorReason.ERROR_REASON_MESSAGE_TOO_LARGE,
                  "message: " + bytes + " bytes (expected: at most " + MAX_MESSAGE_BYTES + ")"));
          return;
        }
        guarded(() -> super.onMessage(message));
      }

      @Override
      public void onHalfClose() {
        if (!closed) {
          guarded(super::onHalfClose);
        }
      }

      @Override
      public void onReady() {
        guarded(super::onReady);
      }

      private void guarded(Runnable step) {
        try {
          step.run();
        } catch (RuntimeException e) {
          close(e);
        }
      }

      private void close(Throwable failure) {
        closed = true;
        ErrorInterceptor.close(call, failure);
      }
    };
  }

  private static void close(ServerCall<?, ?> call, Throwable failure) {
    if (Errors.reasonOf(failure) == ErrorReason.ERROR_REASON_UNSPECIFIED) {
      log.error("{} failed", call.getMethodDescriptor().getFullMethodName(), failure);
    }
    StatusRuntimeException answer = StatusProto.toStatusRuntimeException(Errors.toProto(failure));
    Metadata trailers = answer.getTrailers();
    call.close(answer.getStatus(), trailers == null ? new Metadata() : trailers);
  }
}
