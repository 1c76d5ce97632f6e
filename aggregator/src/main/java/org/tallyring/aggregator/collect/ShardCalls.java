package org.tallyring.aggregator.collect;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;

/**
 * Unary calls to shards. Thread-safe and never blocking; futures fail with a {@link
 * StatusRuntimeException} that carries a reason, and cancelling one cancels its call.
 */
public final class ShardCalls {

  /** After how long to try again when no shard is known to be alive. */
  static final Duration RETRY_DELAY = Duration.ofMillis(250);

  // Above what a shard answers at most: 1000 keys of 512 bytes for each of 64 ranges are 32 MiB.
  private static final int MAX_ANSWER_BYTES = 256 << 20;

  private final Cluster cluster;
  private final AtomicInteger turn = new AtomicInteger();

  /** Calls to the shards of a cluster. */
  public ShardCalls(Cluster cluster) {
    this.cluster = cluster;
  }

  /** Whether a call may be made again at another shard when the first one cannot take it. */
  public enum Repeat {
    /** The call changes nothing, or counts once however often it is made. */
    SAFE,
    /** A second call might count twice. */
    UNSAFE
  }

  /** Calls a shard given by its address. */
  public <Q, R> CompletableFuture<R> to(
      String address, MethodDescriptor<Q, R> method, Q request, Duration timeout) {
    CallOptions options =
        CallOptions.DEFAULT
            .withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS)
            .withMaxInboundMessageSize(MAX_ANSWER_BYTES);
    ClientCall<Q, R> call;
    try {
      call = cluster.channel(address).newCall(method, options);
    } catch (IllegalStateException | IllegalArgumentException unreachable) {
      return CompletableFuture.failedFuture(
          Errors.retryable(
              Status.Code.UNAVAILABLE,
              ErrorReason.ERROR_REASON_NOT_READY,
              "shard at " + address + " cannot be called: " + unreachable.getMessage(),
              RETRY_DELAY));
    }
    Answer<R> answer = new Answer<>(call);
    ClientCalls.asyncUnaryCall(call, request, answer);
    return answer;
  }

  /** As {@link #toAny(MethodDescriptor, Object, Duration, Repeat, String)}, preferring none. */
  public <Q, R> CompletableFuture<R> toAny(
      MethodDescriptor<Q, R> method, Q request, Duration timeout, Repeat repeat) {
    return toAny(method, request, timeout, repeat, null);
  }

  /**
   * Calls a live shard, each time another one. Where it is safe, a shard that cannot take the call
   * is passed over for the next, once around.
   *
   * @param preferred the address of the one to call first, if it is alive; null for any
   */
  public <Q, R> CompletableFuture<R> toAny(
      MethodDescriptor<Q, R> method,
      Q request,
      Duration timeout,
      Repeat repeat,
      @Nullable String preferred) {
    List<String> addresses = addressesInTurn();
    if (preferred != null && addresses.remove(preferred)) {
      addresses.add(0, preferred);
    }
    if (addresses.isEmpty()) {
      return CompletableFuture.failedFuture(noShard());
    }
    if (repeat == Repeat.UNSAFE) {
      return to(addresses.get(0), method, request, timeout);
    }
    Attempts<Q, R> attempts =
        new Attempts<>(method, request, System.nanoTime() + timeout.toNanos(), addresses);
    attempts.next();
    return attempts.result;
  }

  /** The address of a live shard, each time another one; null if none is known. */
  public @Nullable String anyAddress() {
    List<String> addresses = addressesInTurn();
    return addresses.isEmpty() ? null : addresses.get(0);
  }

  /** What to tell a caller while no shard is known to be alive. */
  public static StatusRuntimeException noShard() {
    return Errors.retryable(
        Status.Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_NOT_READY,
        "no live shard is known; check that the shards run and that the seeds name one of them",
        RETRY_DELAY);
  }

  private List<String> addressesInTurn() {
    List<String> addresses = new ArrayList<>(cluster.picture().addresses().values());
    Collections.sort(addresses);
    if (!addresses.isEmpty()) {
      Collections.rotate(addresses, -Math.floorMod(turn.getAndIncrement(), addresses.size()));
    }
    return addresses;
  }

  /**
   * Only a refusal of the whole shard; a range without an owner has none at other shards either.
   */
  private static boolean cannotTake(Throwable failure) {
    if (Status.fromThrowable(failure).getCode() != Status.Code.UNAVAILABLE) {
      return false;
    }
    return switch (Errors.reasonOf(failure)) {
      case ERROR_REASON_UNSPECIFIED, ERROR_REASON_NOT_READY, ERROR_REASON_NO_SESSION -> true;
      default -> false;
    };
  }

  /** A failure as the caller of the aggregator is to see it. */
  static StatusRuntimeException readable(Throwable failure) {
    return Errors.fromProto(Errors.toProto(failure));
  }

  private final class Attempts<Q, R> {

    private final MethodDescriptor<Q, R> method;
    private final Q request;
    private final long deadlineNanos;
    private final Iterator<String> addresses;
    final CompletableFuture<R> result = new CompletableFuture<>();

    Attempts(MethodDescriptor<Q, R> method, Q request, long deadlineNanos, List<String> addresses) {
      this.method = method;
      this.request = request;
      this.deadlineNanos = deadlineNanos;
      this.addresses = addresses.iterator();
    }

    void next() {
      Duration left = Duration.ofNanos(deadlineNanos - System.nanoTime());
      CompletableFuture<R> attempt = to(addresses.next(), method, request, left);
      result.whenComplete(
          (answer, failure) -> {
            if (result.isCancelled()) {
              attempt.cancel(false);
            }
          });
      attempt.whenComplete(
          (answer, failure) -> {
            if (failure == null) {
              result.complete(answer);
            } else if (addresses.hasNext() && cannotTake(failure) && !result.isDone()) {
              next();
            } else {
              result.completeExceptionally(failure);
            }
          });
    }
  }

  /** The answer of one call. */
  private static final class Answer<R> extends CompletableFuture<R> implements StreamObserver<R> {

    private final ClientCall<?, R> call;
    private @Nullable R message;

    Answer(ClientCall<?, R> call) {
      this.call = call;
    }

    @Override
    public void onNext(R value) {
      message = value;
    }

    @Override
    public void onError(Throwable failure) {
      completeExceptionally(readable(failure));
    }

    @Override
    public void onCompleted() {
      if (message == null) {
        onError(Status.INTERNAL.withDescription("no message before the end").asException());
      } else {
        complete(message);
      }
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      if (cancelled) {
        call.cancel("the caller does not wait any more", null);
      }
      return cancelled;
    }
  }
}
