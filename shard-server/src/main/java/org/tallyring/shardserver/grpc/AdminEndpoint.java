package org.tallyring.shardserver.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import org.tallyring.proto.v1.AdminServiceGrpc.AdminServiceImplBase;
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
import org.tallyring.shardserver.coordination.ClusterWatch;
import org.tallyring.shardserver.ownership.ShardRanges;

/** AdminService on a shard. */
final class AdminEndpoint extends AdminServiceImplBase {

  private final ClusterWatch watch;
  private final NamespaceDirectory namespaces;
  private final NamespaceEditor editor;
  private final RangeListing listing;
  private final PlacementEndpoint placement;
  private final MetricStatsReader stats;
  private final EventWatches events;
  private final RangeVerifications verifications;
  private final JournalLogs logs;
  private final SnapshotCalls snapshots;

  AdminEndpoint(
      String shardId,
      ClusterWatch watch,
      NamespaceDirectory namespaces,
      NamespaceEditor editor,
      ShardRanges ranges,
      PeerChannels peers,
      EventWatches events,
      RangeListing listing,
      PlacementEndpoint placement,
      SnapshotCalls snapshots) {
    this.watch = watch;
    this.namespaces = namespaces;
    this.editor = editor;
    this.events = events;
    this.listing = listing;
    this.placement = placement;
    this.verifications = new RangeVerifications(shardId, watch, ranges, peers);
    this.logs = new JournalLogs(new RangeOwners(shardId, watch), watch, ranges, peers);
    this.snapshots = snapshots;
    this.stats = new MetricStatsReader(shardId, watch, namespaces, ranges, peers);
  }

  @Override
  public void createNamespace(
      CreateNamespaceRequest request, StreamObserver<CreateNamespaceResponse> call) {
    Calls.answer(
        call,
        editor
            .create(request.getNamespace())
            .thenApply(
                stored -> CreateNamespaceResponse.newBuilder().setNamespace(stored).build()));
  }

  @Override
  public void listNamespaces(
      ListNamespacesRequest request, StreamObserver<ListNamespacesResponse> call) {
    call.onNext(
        ListNamespacesResponse.newBuilder()
            .addAllNamespaces(watch.view().namespaces().values())
            .build());
    call.onCompleted();
  }

  @Override
  public void getNamespace(GetNamespaceRequest request, StreamObserver<GetNamespaceResponse> call) {
    Calls.answer(
        call,
        namespaces
            .find(request.getName(), List.of())
            .thenApply(found -> GetNamespaceResponse.newBuilder().setNamespace(found).build()));
  }

  @Override
  public void deleteNamespace(
      DeleteNamespaceRequest request, StreamObserver<DeleteNamespaceResponse> call) {
    Calls.answer(
        call,
        editor
            .delete(request.getName())
            .thenApply(deleted -> DeleteNamespaceResponse.getDefaultInstance()));
  }

  @Override
  public void createMetric(CreateMetricRequest request, StreamObserver<CreateMetricResponse> call) {
    Calls.answer(
        call,
        editor
            .addMetric(request.getNamespace(), request.getMetric())
            .thenApply(stored -> CreateMetricResponse.newBuilder().setNamespace(stored).build()));
  }

  @Override
  public void swapMetric(SwapMetricRequest request, StreamObserver<SwapMetricResponse> call) {
    Calls.answer(
        call,
        editor
            .swapMetric(request.getNamespace(), request.getMetric())
            .thenApply(stored -> SwapMetricResponse.newBuilder().setNamespace(stored).build()));
  }

  @Override
  public void getMetricStats(
      GetMetricStatsRequest request, StreamObserver<GetMetricStatsResponse> call) {
    Calls.answer(call, stats.stats(request));
  }

  @Override
  public void setThreshold(SetThresholdRequest request, StreamObserver<SetThresholdResponse> call) {
    Calls.answer(
        call,
        editor
            .setRule(request.getNamespace(), request.getRule())
            .thenApply(stored -> SetThresholdResponse.newBuilder().setNamespace(stored).build()));
  }

  @Override
  public void deleteThreshold(
      DeleteThresholdRequest request, StreamObserver<DeleteThresholdResponse> call) {
    Calls.answer(
        call,
        editor
            .deleteRule(request.getNamespace(), request.getName())
            .thenApply(
                stored -> DeleteThresholdResponse.newBuilder().setNamespace(stored).build()));
  }

  @Override
  public void watchEvents(WatchEventsRequest request, StreamObserver<WatchEventsResponse> call) {
    events.begin(request, (ServerCallStreamObserver<WatchEventsResponse>) call);
  }

  @Override
  public void verifyRanges(VerifyRangesRequest request, StreamObserver<VerifyRangesResponse> call) {
    verifications.begin(request, (ServerCallStreamObserver<VerifyRangesResponse>) call);
  }

  @Override
  public void readLog(ReadLogRequest request, StreamObserver<ReadLogResponse> call) {
    logs.begin(request, (ServerCallStreamObserver<ReadLogResponse>) call);
  }

  @Override
  public void createSnapshot(
      CreateSnapshotRequest request, StreamObserver<CreateSnapshotResponse> call) {
    snapshots.create(request, call);
  }

  @Override
  public void listSnapshots(
      ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> call) {
    snapshots.list(call);
  }

  @Override
  public void deleteSnapshot(
      DeleteSnapshotRequest request, StreamObserver<DeleteSnapshotResponse> call) {
    snapshots.delete(request, call);
  }

  @Override
  public void restoreSnapshot(
      RestoreSnapshotRequest request, StreamObserver<RestoreSnapshotResponse> call) {
    snapshots.restore(request, call);
  }

  @Override
  public void exportSnapshot(
      ExportSnapshotRequest request, StreamObserver<ExportSnapshotResponse> call) {
    snapshots.export(request, call);
  }

  @Override
  public StreamObserver<ImportSnapshotRequest> importSnapshot(
      StreamObserver<ImportSnapshotResponse> call) {
    return snapshots.importBlocks(call);
  }

  @Override
  public void listRanges(ListRangesRequest request, StreamObserver<ListRangesResponse> call) {
    Calls.answer(
        call,
        listing
            .list(request.getLocalOnly())
            .thenApply(ranges -> ListRangesResponse.newBuilder().addAllRanges(ranges).build()));
  }

  @Override
  public void drainShard(DrainShardRequest request, StreamObserver<DrainShardResponse> call) {
    Calls.answer(call, placement.drain(request));
  }

  @Override
  public void rebalance(RebalanceRequest request, StreamObserver<RebalanceResponse> call) {
    Calls.answer(call, placement.rebalance(request));
  }
}
