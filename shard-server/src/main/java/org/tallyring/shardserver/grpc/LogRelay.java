package org.tallyring.shardserver.grpc;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.ReadLogRequest;
import org.tallyring.proto.v1.ReadLogResponse;

/**
 * Hands on what the owner of a range tells of its journal. The owner is asked for one message at a
 * time, and for the next when the caller can take it. A caller that goes takes the call to the
 * owner along, since that is made in its context.
 */
final class LogRelay implements ClientResponseObserver<ReadLogRequest, ReadLogResponse> {

  private final ServerCallStreamObserver<ReadLogResponse> call;
  private @Nullable ClientCallStreamObserver<ReadLogRequest> owner;
  private boolean asked = true;

  /** A relay to a call that is being accepted. */
  LogRelay(ServerCallStreamObserver<ReadLogResponse> call) {
    this.call = call;
    call.setOnReadyHandler(this::ask);
    call.setOnCancelHandler(() -> {});
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<ReadLogRequest> stream) {
    synchronized (this) {
      owner = stream;
    }
    stream.disableAutoRequestWithInitial(1);
  }

  private synchronized void ask() {
    if (!asked && owner != null && call.isReady()) {
      asked = true;
      owner.request(1);
    }
  }

  @Override
  public void onNext(ReadLogResponse message) {
    call.onNext(message);
    synchronized (this) {
      asked = false;
    }
    ask();
  }

  @Override
  public void onError(Throwable failure) {
    if (!call.isCancelled()) {
      call.onError(Calls.toStatus(failure));
    }
  }

  @Override
  public void onCompleted() {
    call.onCompleted();
  }
}
