package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import io.grpc.stub.ServerCallStreamObserver;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;

/**
 * A call that is answered by many messages, from a thread that may block: it waits for a caller
 * that reads slowly, and ends when the caller has gone. To be made before the method that takes the
 * call returns.
 */
final class PacedCall<T> {

  private final ServerCallStreamObserver<T> call;
  private boolean gone;

  PacedCall(ServerCallStreamObserver<T> call) {
    this.call = call;
    call.setOnReadyHandler(this::wake);
    call.setOnCancelHandler(this::cancelled);
  }

  private synchronized void wake() {
    notifyAll();
  }

  private synchronized void cancelled() {
    gone = true;
    notifyAll();
  }

  /**
   * Sends a message, as soon as the caller can take it.
   *
   * @throws io.grpc.StatusRuntimeException if the caller has gone
   */
  synchronized void send(T message) {
    try {
      while (!gone && !call.isReady()) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      gone = true;
    }
    if (gone) {
      throw Errors.of(
          Code.CANCELLED,
          ErrorReason.ERROR_REASON_DEADLINE,
          "call: ended by the caller (expected: to be read to its end)");
    }
    call.onNext(message);
  }

  /** Sends a message that only says how far it is; a caller that has gone is no reason to stop. */
  synchronized void tell(T message) {
    if (!gone) {
      call.onNext(message);
    }
  }

  /** Ends the call. */
  synchronized void end() {
    if (!gone) {
      call.onCompleted();
    }
  }

  /** Ends the call with an error. */
  synchronized void fail(Throwable failure) {
    if (!gone) {
      call.onError(Calls.toStatus(failure));
    }
  }
}
