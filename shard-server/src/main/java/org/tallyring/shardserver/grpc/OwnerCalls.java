package org.tallyring.shardserver.grpc;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.Status;
import io.grpc.Status.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceFutureStub;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.shardserver.coordination.ClusterWatch;

/**
 * Calls to the owners of ranges, this shard among them, which are repeated while a range moves or
 * is recovered. They block, so they are for threads of their own.
 */
final class OwnerCalls {

  private static final long GIVE_UP_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long CALL_SECONDS = 30;
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Enough to keep bookies busy, and few enough to leave them for increments. */
  private static final int AT_ONCE = 8;

  private final ClusterWatch watch;
  private final PeerChannels peers;
  private final Executor executor;

  /**
   * Calls over some channels.
   *
   * @param executor has a thread for each task
   */
  OwnerCalls(ClusterWatch watch, PeerChannels peers, Executor executor) {
    this.watch = watch;
    this.peers = peers;
    this.executor = executor;
  }

  /** Calls the owner of a range; the call must be one that may be repeated. */
  <T> T call(int rangeId, Function<RangeServiceFutureStub, ListenableFuture<T>> rpc) {
    long giveUpAt = System.nanoTime() + GIVE_UP_NANOS;
    while (true) {
      RuntimeException failure = RangeOwners.unavailable(rangeId);
      Optional<Member> owner = RangeOwners.serving(watch.view(), rangeId);
      if (owner.isPresent()) {
        try {
          return Calls.toFuture(
                  rpc.apply(
                      peers
                          .ranges(owner.get().getAddress())
                          .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)))
              .join();
        } catch (CompletionException e) {
          failure = Errors.fromProto(Errors.toProto(Calls.unwrap(e)));
          if (!mayPass(failure)) {
            throw failure;
          }
        }
      }
      if (System.nanoTime() - giveUpAt >= 0 || Thread.currentThread().isInterrupted()) {
        throw failure;
      }
      LockSupport.parkNanos(RETRY_NANOS);
    }
  }

  private static boolean mayPass(RuntimeException failure) {
    Code code = Status.fromThrowable(failure).getCode();
    return code == Code.UNAVAILABLE
        || Errors.reasonOf(failure) == ErrorReason.ERROR_REASON_NOT_OWNER;
  }

  /**
   * Does something for every range, several at once. After a failure no other one is begun, and
   * when those under way have ended it is thrown.
   */
  void forEach(int rangeCount, IntConsumer task) {
    AtomicInteger next = new AtomicInteger();
    AtomicBoolean failed = new AtomicBoolean();
    List<CompletableFuture<Void>> workers = new ArrayList<>();
    for (int worker = 0; worker < Math.min(AT_ONCE, rangeCount); worker++) {
      workers.add(
          CompletableFuture.runAsync(
              () -> {
                for (int range = next.getAndIncrement();
                    range < rangeCount && !failed.get();
                    range = next.getAndIncrement()) {
                  try {
                    task.accept(range);
                  } catch (RuntimeException e) {
                    failed.set(true);
                    throw e;
                  }
                }
              },
              executor));
    }
    CompletableFuture<Void> all =
        CompletableFuture.allOf(workers.toArray(CompletableFuture[]::new));
    try {
      all.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }
}
