package org.tallyring.aggregator.grpc;

import com.google.protobuf.ByteString;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.tallyring.aggregator.collect.Cluster;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.aggregator.collect.ShardCalls.Repeat;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.GetSeriesResponse;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordResponse;
import org.tallyring.proto.v1.RecordStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;

/**
 * Hands calls on to a live shard. Any of them takes any key; a call about one key goes to the shard
 * that owns it, as far as is known, which saves one more forwarding.
 */
public final class ForwardedCounterService extends CounterServiceGrpc.CounterServiceImplBase {

  private final Cluster cluster;
  private final ShardCalls calls;

  /** A service in front of the shards of a cluster. */
  public ForwardedCounterService(Cluster cluster, ShardCalls calls) {
    this.cluster = cluster;
    this.calls = calls;
  }

  @Override
  public void record(RecordRequest request, StreamObserver<RecordResponse> observer) {
    UnaryReply.of(
        calls.toAny(
            CounterServiceGrpc.getRecordMethod(),
            request,
            UnaryReply.timeout(),
            request.getRequestId().isEmpty() ? Repeat.UNSAFE : Repeat.SAFE,
            request.getIncrementsCount() == 1
                ? ownerAddress(request.getNamespace(), request.getIncrements(0).getKey())
                : null),
        observer);
  }

  private @Nullable String ownerAddress(String namespace, ByteString key) {
    return cluster
        .picture()
        .ownerAddress(namespace.isEmpty() ? Namespaces.DEFAULT : namespace, key.toByteArray());
  }

  @Override
  public void getCounts(GetCountsRequest request, StreamObserver<GetCountsResponse> observer) {
    UnaryReply.of(
        calls.toAny(
            CounterServiceGrpc.getGetCountsMethod(),
            request,
            UnaryReply.timeout(),
            Repeat.SAFE,
            request.getKeysCount() == 1
                ? ownerAddress(request.getNamespace(), request.getKeys(0))
                : null),
        observer);
  }

  @Override
  public void getSeries(GetSeriesRequest request, StreamObserver<GetSeriesResponse> observer) {
    UnaryReply.of(
        calls.toAny(
            CounterServiceGrpc.getGetSeriesMethod(),
            request,
            UnaryReply.timeout(),
            Repeat.SAFE,
            ownerAddress(request.getNamespace(), request.getKey())),
        observer);
  }

  @Override
  public StreamObserver<RecordStreamRequest> recordStream(
      StreamObserver<RecordStreamResponse> observer) {
    ServiceRequestContext context = ServiceRequestContext.currentOrNull();
    if (context != null) {
      // A stream lives as long as its producer.
      context.clearRequestTimeout();
    }
    ForwardedStream<RecordStreamRequest, RecordStreamResponse> stream =
        new ForwardedStream<>((ServerCallStreamObserver<RecordStreamResponse>) observer);
    String address = calls.anyAddress();
    if (address == null) {
      stream.refuse(ShardCalls.noShard());
      return stream.producerSide();
    }
    try {
      CounterServiceGrpc.newStub(cluster.channel(address)).recordStream(stream.shardSide());
    } catch (IllegalStateException | IllegalArgumentException unreachable) {
      stream.refuse(ShardCalls.noShard());
    }
    return stream.producerSide();
  }
}
