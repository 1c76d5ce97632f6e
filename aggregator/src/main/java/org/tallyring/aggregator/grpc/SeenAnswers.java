package org.tallyring.aggregator.grpc;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.function.Consumer;

/** Looks at a shard's answers before they are handed on. */
final class SeenAnswers<Q, R> implements ClientResponseObserver<Q, R> {

  private final ClientResponseObserver<Q, R> next;
  private final Consumer<R> look;

  /** Answers on their way to {@code next}. */
  SeenAnswers(ClientResponseObserver<Q, R> next, Consumer<R> look) {
    this.next = next;
    this.look = look;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<Q> call) {
    next.beforeStart(call);
  }

  @Override
  public void onNext(R answer) {
    look.accept(answer);
    next.onNext(answer);
  }

  @Override
  public void onError(Throwable failure) {
    next.onError(failure);
  }

  @Override
  public void onCompleted() {
    next.onCompleted();
  }
}
