package org.tallyring.shardserver.grpc;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Takes messages of a stream, at once or one by one as the test says. */
final class Watcher<Q, R> implements ClientResponseObserver<Q, R> {

  final List<R> messages = new CopyOnWriteArrayList<>();
  final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();
  private final boolean slow;
  private volatile @Nullable ClientCallStreamObserver<Q> call;

  private Watcher(boolean slow) {
    this.slow = slow;
  }

  static <Q, R> Watcher<Q, R> eager() {
    return new Watcher<>(false);
  }

  /** One that takes nothing before {@link #take}. */
  static <Q, R> Watcher<Q, R> slow() {
    return new Watcher<>(true);
  }

  /** Takes this many messages more. */
  void take(int count) {
    ClientCallStreamObserver<Q> open = call;
    if (open != null) {
      open.request(count);
    }
  }

  void cancel() {
    ClientCallStreamObserver<Q> open = call;
    if (open != null) {
      open.cancel("enough", null);
    }
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<Q> stream) {
    call = stream;
    if (slow) {
      stream.disableAutoRequestWithInitial(0);
    }
  }

  @Override
  public void onNext(R message) {
    messages.add(message);
  }

  @Override
  public void onError(Throwable failure) {
    end.complete(failure);
  }

  @Override
  public void onCompleted() {
    end.complete(null);
  }
}
