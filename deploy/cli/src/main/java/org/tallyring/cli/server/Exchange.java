package org.tallyring.cli.server;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.config.HostPort;
import org.tallyring.cli.failure.CliException;

/**
 * A call in which each message is answered before the next one is sent. Used by one thread.
 *
 * @param <Q> what is sent
 * @param <R> what is answered
 */
public final class Exchange<Q, R> {

  /** How long an answer may take: a part of a snapshot is stored meanwhile. */
  private static final long ANSWER_SECONDS = 120;

  private record Answer<R>(@Nullable R answer, @Nullable StatusRuntimeException failure) {}

  private final HostPort server;
  private final BlockingQueue<Answer<R>> answers = new ArrayBlockingQueue<>(16);
  private final StreamObserver<Q> requests;

  Exchange(HostPort server, Function<StreamObserver<R>, StreamObserver<Q>> rpc) {
    this.server = server;
    this.requests = rpc.apply(new Receiver());
  }

  private final class Receiver implements StreamObserver<R> {
    @Override
    public void onNext(R answer) {
      answers.add(new Answer<>(answer, null));
    }

    @Override
    public void onError(Throwable failure) {
      answers.add(
          new Answer<>(
              null,
              new StatusRuntimeException(
                  Status.fromThrowable(failure), Status.trailersFromThrowable(failure))));
    }

    @Override
    public void onCompleted() {
      answers.add(
          new Answer<>(
              null,
              Status.UNAVAILABLE
                  .withDescription("the server ended the call")
                  .asRuntimeException()));
    }
  }

  /**
   * Sends a message and waits for its answer.
   *
   * @throws CliException if the answer is an error, or none came
   */
  public R ask(Q message) {
    requests.onNext(message);
    try {
      Answer<R> answer = answers.poll(ANSWER_SECONDS, TimeUnit.SECONDS);
      if (answer == null) {
        throw Advice.of(server, Status.DEADLINE_EXCEEDED.asRuntimeException());
      }
      if (answer.failure() != null) {
        throw Advice.of(server, answer.failure());
      }
      return Objects.requireNonNull(answer.answer());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CliException.failed("interrupted");
    }
  }

  /** Says that nothing comes any more. */
  public void end() {
    requests.onCompleted();
  }
}
