package org.tallyring.shardserver.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.v1.CounterServiceGrpc;

/**
 * On which threads calls are handled. {@code Record}, producers' streams and what other shards
 * forward stay on the transport's event loops: they hand batches to the ranges' loops and wait for
 * nothing, and for a small batch waking another thread costs more than all that is done on it. All
 * other calls, which may sort, copy or write down much, have threads beside the event loops.
 */
final class CallThreads implements ServerCallExecutorSupplier, AutoCloseable {

  /** By name: a service may be bound with descriptors of its own ({@link CounterBinding}). */
  private static final Set<String> ON_EVENT_LOOP =
      Set.of(
          CounterServiceGrpc.getRecordMethod().getFullMethodName(),
          CounterServiceGrpc.getRecordStreamMethod().getFullMethodName(),
          RangeServiceGrpc.getRecordForwardedMethod().getFullMethodName());

  private final ExecutorService others;

  /** Starts no threads yet. */
  CallThreads(String shardId) {
    others = Executors.newCachedThreadPool(task -> new Thread(task, shardId + "-call"));
  }

  /** The threads beside the event loops. */
  Executor others() {
    return others;
  }

  @Override
  public <ReqT, RespT> Executor getExecutor(ServerCall<ReqT, RespT> call, Metadata headers) {
    return ON_EVENT_LOOP.contains(call.getMethodDescriptor().getFullMethodName())
        ? Runnable::run
        : others;
  }

  @Override
  public void close() {
    others.shutdownNow();
  }
}
