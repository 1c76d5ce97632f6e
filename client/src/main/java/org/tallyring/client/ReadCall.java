package org.tallyring.client;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.channel.ShardChannels;
import org.tallyring.client.loop.Backoff;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;

/**
 * One read, tried at one server after the other until it is answered, refused for good, or too
 * late. Reads change nothing, so every unclear outcome is simply tried again. State is confined to
 * the loop.
 *
 * @param <A> the answer
 */
final class ReadCall<A> {

  /** Issues the call on a channel, with a time limit for this attempt. */
  interface Attempt<A> {
    void start(Channel channel, Duration limit, StreamObserver<A> answer);
  }

  /** A server that is cut off must not use up the caller's whole deadline. */
  private static final Duration ATTEMPT_LIMIT = Duration.ofSeconds(5);

  private final ShardChannels channels;
  private final EventLoop loop;
  private final Backoff backoff;
  private final Supplier<List<String>> candidates;
  private final Attempt<A> attempt;
  private final long deadlineAt;
  private final CompletableFuture<A> result = new CompletableFuture<>();
  private final Set<String> withoutService = new HashSet<>();
  private int attempts;

  /**
   * @param candidates the addresses to try, in order; asked again before each attempt
   */
  ReadCall(
      ShardChannels channels,
      EventLoop loop,
      Backoff backoff,
      Supplier<List<String>> candidates,
      Duration deadline,
      Attempt<A> attempt) {
    this.channels = channels;
    this.loop = loop;
    this.backoff = backoff;
    this.candidates = candidates;
    this.attempt = attempt;
    deadlineAt = loop.nanoTime() + deadline.toNanos();
  }

  /**
   * Waits for the answer.
   *
   * @throws TallyringException if there is none
   */
  A await() {
    loop.execute(this::next);
    try {
      return result.join();
    } catch (CompletionException failure) {
      if (failure.getCause() instanceof TallyringException told) {
        throw told;
      }
      throw failure;
    }
  }

  /** Fails the call, which may be waiting. */
  void cancel() {
    result.completeExceptionally(
        TallyringException.definite(
            ErrorReason.ERROR_REASON_NOT_READY,
            "the client was closed before there was an answer"));
  }

  private void next() {
    if (result.isDone()) {
      return;
    }
    List<String> addresses = candidates.get();
    String address = addresses.get(attempts++ % addresses.size());
    Duration left = Duration.ofNanos(Math.max(1, deadlineAt - loop.nanoTime()));
    Duration limit = left.compareTo(ATTEMPT_LIMIT) < 0 ? left : ATTEMPT_LIMIT;
    StreamObserver<A> answer =
        new StreamObserver<>() {
          @Override
          public void onNext(A value) {
            result.complete(value);
          }

          @Override
          public void onError(Throwable failure) {
            loop.execute(() -> failed(address, addresses, failure));
          }

          @Override
          public void onCompleted() {
            // The answer has come before.
          }
        };
    try {
      attempt.start(channels.channel(address), limit, answer);
    } catch (IllegalStateException closed) {
      cancel();
    }
  }

  private void failed(String address, List<String> addresses, Throwable failure) {
    Status.Code code = Status.fromThrowable(failure).getCode();
    ErrorReason reason = Errors.reasonOf(Errors.toProto(failure));
    if (code == Status.Code.UNIMPLEMENTED) {
      withoutService.add(address);
      if (withoutService.containsAll(addresses)) {
        result.completeExceptionally(
            TallyringException.definite(
                ErrorReason.ERROR_REASON_BAD_PARAMETER,
                "servers: " + addresses + " (expected: an aggregator among them)",
                failure));
        return;
      }
    } else if (!isPassing(code)) {
      result.completeExceptionally(TallyringException.definite(reason, text(failure), failure));
      return;
    }
    Duration delay = Errors.retryDelayOf(failure).orElseGet(backoff::next);
    if (loop.nanoTime() + delay.toNanos() - deadlineAt >= 0) {
      result.completeExceptionally(
          TallyringException.definite(
              ErrorReason.ERROR_REASON_DEADLINE,
              "no answer before the deadline; " + address + " said: " + text(failure),
              failure));
      return;
    }
    loop.schedule(this::next, delay);
  }

  private static boolean isPassing(Status.Code code) {
    return switch (code) {
      case UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED, RESOURCE_EXHAUSTED, CANCELLED -> true;
      default -> false;
    };
  }

  private static String text(Throwable failure) {
    @Nullable String description = Status.fromThrowable(failure).getDescription();
    return description == null ? String.valueOf(failure.getMessage()) : description;
  }
}
