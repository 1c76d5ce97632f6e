package org.tallyring.aggregator.grpc;

import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.tallyring.aggregator.collect.Cluster;
import org.tallyring.aggregator.collect.NamespaceDirectory;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.AdminServiceGrpc.AdminServiceStub;
import org.tallyring.proto.v1.CreateMetricRequest;
import org.tallyring.proto.v1.CreateMetricResponse;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.CreateNamespaceResponse;
import org.tallyring.proto.v1.CreateSnapshotRequest;
import org.tallyring.proto.v1.CreateSnapshotResponse;
import org.tallyring.proto.v1.DeleteNamespaceRequest;
import org.tallyring.proto.v1.DeleteNamespaceResponse;
import org.tallyring.proto.v1.DeleteSnapshotRequest;
import org.tallyring.proto.v1.DeleteSnapshotResponse;
import org.tallyring.proto.v1.DeleteThresholdRequest;
import org.tallyring.proto.v1.DeleteThresholdResponse;
import org.tallyring.proto.v1.DrainShardRequest;
import org.tallyring.proto.v1.DrainShardResponse;
import org.tallyring.proto.v1.ExportSnapshotRequest;
import org.tallyring.proto.v1.ExportSnapshotResponse;
import org.tallyring.proto.v1.GetMetricStatsRequest;
import org.tallyring.proto.v1.GetMetricStatsResponse;
import org.tallyring.proto.v1.GetNamespaceRequest;
import org.tallyring.proto.v1.GetNamespaceResponse;
import org.tallyring.proto.v1.ImportSnapshotRequest;
import org.tallyring.proto.v1.ImportSnapshotResponse;
import org.tallyring.proto.v1.ListNamespacesRequest;
import org.tallyring.proto.v1.ListNamespacesResponse;
import org.tallyring.proto.v1.ListRangesRequest;
import org.tallyring.proto.v1.ListRangesResponse;
import org.tallyring.proto.v1.ListSnapshotsRequest;
import org.tallyring.proto.v1.ListSnapshotsResponse;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.ReadLogRequest;
import org.tallyring.proto.v1.ReadLogResponse;
import org.tallyring.proto.v1.RebalanceRequest;
import org.tallyring.proto.v1.RebalanceResponse;
import org.tallyring.proto.v1.RestoreSnapshotRequest;
import org.tallyring.proto.v1.RestoreSnapshotResponse;
import org.tallyring.proto.v1.SetThresholdRequest;
import org.tallyring.proto.v1.SetThresholdResponse;
import org.tallyring.proto.v1.SwapMetricRequest;
import org.tallyring.proto.v1.SwapMetricResponse;
import org.tallyring.proto.v1.VerifyRangesRequest;
import org.tallyring.proto.v1.VerifyRangesResponse;
import org.tallyring.proto.v1.WatchEventsRequest;
import org.tallyring.proto.v1.WatchEventsResponse;

/**
 * Hands calls on to a live shard; any of them takes any call, and all calls may be repeated. What
 * they change is taken into the directory, so that the caller's next question knows of it.
 */
public final class ForwardedAdminService extends AdminServiceGrpc.AdminServiceImplBase {

  private final Cluster cluster;
  private final ShardCalls calls;
  private final NamespaceDirectory namespaces;

  /** A service in front of the shards of a cluster. */
  public ForwardedAdminService(Cluster cluster, ShardCalls calls, NamespaceDirectory namespaces) {
    this.cluster = cluster;
    this.calls = calls;
    this.namespaces = namespaces;
  }

  @Override
  public void createNamespace(
      CreateNamespaceRequest request, StreamObserver<CreateNamespaceResponse> observer) {
    change(
        AdminServiceGrpc.getCreateNamespaceMethod(),
        request,
        CreateNamespaceResponse::getNamespace,
        observer);
  }

  @Override
  public void listNamespaces(
      ListNamespacesRequest request, StreamObserver<ListNamespacesResponse> observer) {
    UnaryReply.of(forward(AdminServiceGrpc.getListNamespacesMethod(), request), observer);
  }

  @Override
  public void getNamespace(
      GetNamespaceRequest request, StreamObserver<GetNamespaceResponse> observer) {
    UnaryReply.of(forward(AdminServiceGrpc.getGetNamespaceMethod(), request), observer);
  }

  @Override
  public void deleteNamespace(
      DeleteNamespaceRequest request, StreamObserver<DeleteNamespaceResponse> observer) {
    UnaryReply.of(
        forward(AdminServiceGrpc.getDeleteNamespaceMethod(), request)
            // After a failure too: it may have been deleted all the same.
            .whenComplete((answer, failure) -> namespaces.remove(request.getName())),
        observer);
  }

  @Override
  public void createMetric(
      CreateMetricRequest request, StreamObserver<CreateMetricResponse> observer) {
    change(
        AdminServiceGrpc.getCreateMetricMethod(),
        request,
        CreateMetricResponse::getNamespace,
        observer);
  }

  @Override
  public void swapMetric(SwapMetricRequest request, StreamObserver<SwapMetricResponse> observer) {
    change(
        AdminServiceGrpc.getSwapMetricMethod(),
        request,
        SwapMetricResponse::getNamespace,
        observer);
  }

  @Override
  public void setThreshold(
      SetThresholdRequest request, StreamObserver<SetThresholdResponse> observer) {
    change(
        AdminServiceGrpc.getSetThresholdMethod(),
        request,
        SetThresholdResponse::getNamespace,
        observer);
  }

  @Override
  public void getMetricStats(
      GetMetricStatsRequest request, StreamObserver<GetMetricStatsResponse> observer) {
    UnaryReply.of(forward(AdminServiceGrpc.getGetMetricStatsMethod(), request), observer);
  }

  @Override
  public void deleteThreshold(
      DeleteThresholdRequest request, StreamObserver<DeleteThresholdResponse> observer) {
    change(
        AdminServiceGrpc.getDeleteThresholdMethod(),
        request,
        DeleteThresholdResponse::getNamespace,
        observer);
  }

  /** A watch that its shard ends goes on at another one, with the watcher's resume token. */
  @Override
  public void watchEvents(
      WatchEventsRequest request, StreamObserver<WatchEventsResponse> observer) {
    answers(observer, (shard, answers) -> shard.watchEvents(request, answers));
  }

  @Override
  public void verifyRanges(
      VerifyRangesRequest request, StreamObserver<VerifyRangesResponse> observer) {
    answers(observer, (shard, answers) -> shard.verifyRanges(request, answers));
  }

  @Override
  public void readLog(ReadLogRequest request, StreamObserver<ReadLogResponse> observer) {
    answers(observer, (shard, answers) -> shard.readLog(request, answers));
  }

  @Override
  public void createSnapshot(
      CreateSnapshotRequest request, StreamObserver<CreateSnapshotResponse> observer) {
    answers(observer, (shard, answers) -> shard.createSnapshot(request, answers));
  }

  @Override
  public void listSnapshots(
      ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> observer) {
    UnaryReply.of(forward(AdminServiceGrpc.getListSnapshotsMethod(), request), observer);
  }

  @Override
  public void deleteSnapshot(
      DeleteSnapshotRequest request, StreamObserver<DeleteSnapshotResponse> observer) {
    UnaryReply.of(forward(AdminServiceGrpc.getDeleteSnapshotMethod(), request), observer);
  }

  /** The namespace is another one when it is done, which the directory has to read anew. */
  @Override
  public void restoreSnapshot(
      RestoreSnapshotRequest request, StreamObserver<RestoreSnapshotResponse> observer) {
    answers(
        observer,
        (shard, answers) ->
            shard.restoreSnapshot(
                request,
                new SeenAnswers<>(
                    answers,
                    response -> {
                      if (!response.getNamespace().isEmpty()) {
                        namespaces.remove(response.getNamespace());
                      }
                    })));
  }

  @Override
  public void exportSnapshot(
      ExportSnapshotRequest request, StreamObserver<ExportSnapshotResponse> observer) {
    answers(observer, (shard, answers) -> shard.exportSnapshot(request, answers));
  }

  @Override
  public StreamObserver<ImportSnapshotRequest> importSnapshot(
      StreamObserver<ImportSnapshotResponse> observer) {
    ForwardedStream<ImportSnapshotRequest, ImportSnapshotResponse> stream =
        new ForwardedStream<>((ServerCallStreamObserver<ImportSnapshotResponse>) observer);
    connect(stream, shard -> shard.importSnapshot(stream.shardSide()));
    return stream.producerSide();
  }

  /** Hands on a call that is answered by many messages. */
  private <Q, R> void answers(
      StreamObserver<R> observer, BiConsumer<AdminServiceStub, ClientResponseObserver<Q, R>> call) {
    ForwardedStream<Q, R> stream =
        ForwardedStream.ofAnswers((ServerCallStreamObserver<R>) observer);
    connect(stream, shard -> call.accept(shard, stream.shardSide()));
  }

  private <Q, R> void connect(ForwardedStream<Q, R> stream, Consumer<AdminServiceStub> call) {
    ServiceRequestContext context = ServiceRequestContext.currentOrNull();
    if (context != null) {
      // Such a call lives as long as its caller.
      context.clearRequestTimeout();
    }
    String address = calls.anyAddress();
    if (address == null) {
      stream.refuse(ShardCalls.noShard());
      return;
    }
    try {
      call.accept(AdminServiceGrpc.newStub(cluster.channel(address)));
    } catch (IllegalStateException | IllegalArgumentException unreachable) {
      stream.refuse(ShardCalls.noShard());
    }
  }

  @Override
  public void listRanges(ListRangesRequest request, StreamObserver<ListRangesResponse> observer) {
    UnaryReply.of(forward(AdminServiceGrpc.getListRangesMethod(), request), observer);
  }

  @Override
  public void drainShard(DrainShardRequest request, StreamObserver<DrainShardResponse> observer) {
    UnaryReply.of(forward(AdminServiceGrpc.getDrainShardMethod(), request), observer);
  }

  @Override
  public void rebalance(RebalanceRequest request, StreamObserver<RebalanceResponse> observer) {
    UnaryReply.of(forward(AdminServiceGrpc.getRebalanceMethod(), request), observer);
  }

  /** Hands on a call that changes a namespace, and takes in what was stored. */
  private <Q, R> void change(
      MethodDescriptor<Q, R> method,
      Q request,
      Function<R, NamespaceDefinition> stored,
      StreamObserver<R> observer) {
    UnaryReply.of(
        forward(method, request)
            .whenComplete(
                (answer, failure) -> {
                  if (failure == null) {
                    namespaces.put(stored.apply(answer));
                  }
                }),
        observer);
  }

  private <Q, R> CompletableFuture<R> forward(MethodDescriptor<Q, R> method, Q request) {
    return calls.toAny(method, request, UnaryReply.timeout(), ShardCalls.Repeat.SAFE);
  }
}
