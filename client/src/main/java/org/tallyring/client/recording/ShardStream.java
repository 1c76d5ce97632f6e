package org.tallyring.client.recording;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.proto.internal.v1.EncodedStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;

/**
 * One RecordStream to one shard, shared by the lanes of its ranges. The callbacks of gRPC may come
 * from any thread and go to the loop; everything else is confined to the loop.
 */
final class ShardStream
    implements ClientResponseObserver<EncodedStreamRequest, RecordStreamResponse> {

  /** What a stream tells, on the loop. After {@link #lost} it tells nothing more. */
  interface Listener {

    /** A batch was answered. */
    void answered(ShardStream stream, RecordStreamResponse response);

    /** There is room to send again. */
    void ready(ShardStream stream);

    /** The stream has ended; batches that were not answered are in doubt. */
    void lost(ShardStream stream, @Nullable Throwable failure);
  }

  private final String address;
  private final EventLoop loop;
  private final Listener listener;
  private volatile @Nullable ClientCallStreamObserver<EncodedStreamRequest> call;
  private boolean ended;

  ShardStream(String address, EventLoop loop, Listener listener) {
    this.address = address;
    this.loop = loop;
    this.listener = listener;
  }

  String address() {
    return address;
  }

  /** Whether the stream is connected and the network keeps up with what was sent. */
  boolean isReady() {
    ClientCallStreamObserver<EncodedStreamRequest> open = call;
    return !ended && open != null && open.isReady();
  }

  /** Sends a batch. Only while {@link #isReady()}: what is sent otherwise piles up in memory. */
  void send(EncodedStreamRequest request) {
    ClientCallStreamObserver<EncodedStreamRequest> open = call;
    if (!ended && open != null) {
      open.onNext(request);
    }
  }

  /** Ends the stream at once, as if it had broken. */
  void abort(String why) {
    ClientCallStreamObserver<EncodedStreamRequest> open = call;
    if (!ended && open != null) {
      open.cancel(why, null);
    }
    end(Status.CANCELLED.withDescription(why).asRuntimeException());
  }

  /** Tells the shard that nothing more will come, and listens no more. */
  void finish() {
    ClientCallStreamObserver<EncodedStreamRequest> open = call;
    if (!ended && open != null) {
      open.onCompleted();
    }
    ended = true;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<EncodedStreamRequest> call) {
    this.call = call;
    call.setOnReadyHandler(
        () ->
            loop.execute(
                () -> {
                  if (!ended) {
                    listener.ready(this);
                  }
                }));
  }

  @Override
  public void onNext(RecordStreamResponse response) {
    loop.execute(
        () -> {
          if (!ended) {
            listener.answered(this, response);
          }
        });
  }

  @Override
  public void onError(Throwable failure) {
    loop.execute(() -> end(failure));
  }

  @Override
  public void onCompleted() {
    loop.execute(() -> end(null));
  }

  private void end(@Nullable Throwable failure) {
    if (!ended) {
      ended = true;
      listener.lost(this, failure);
    }
  }
}
