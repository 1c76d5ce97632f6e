package org.tallyring.shardserver.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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
import org.tallyring.proto.v1.RangeStatus;
import org.tallyring.proto.v1.RestoreSnapshotRequest;
import org.tallyring.proto.v1.RestoreSnapshotResponse;
import org.tallyring.proto.v1.SetThresholdRequest;
import org.tallyring.proto.v1.SetThresholdResponse;
import org.tallyring.proto.v1.SwapMetricRequest;
import org.tallyring.proto.v1.SwapMetricResponse;
import org.tallyring.proto.v1.WatchEventsRequest;
import org.tallyring.proto.v1.WatchEventsResponse;
import org.tallyring.shardserver.coordination.ClusterWatch;
import org.tallyring.shardserver.ownership.OwnedRange;
import org.tallyring.shardserver.ownership.ShardRanges;

/** AdminService on a shard. */
final class AdminEndpoint extends AdminServiceImplBase {

  private static final Logger log = LoggerFactory.getLogger(AdminEndpoint.class);

  private static final long PEER_SECONDS = 5;

  private final String shardId;
  private final ClusterWatch watch;
  private final NamespaceDirectory namespaces;
  private final NamespaceEditor editor;
  private final ShardRanges ranges;
  private final PeerChannels peers;
  private final MetricStatsReader stats;
  private final EventWatches events;
  private final SnapshotCalls snapshots;

  AdminEndpoint(
      String shardId,
      ClusterWatch watch,
      NamespaceDirectory namespaces,
      NamespaceEditor editor,
      ShardRanges ranges,
      PeerChannels peers,
      EventWatches events,
      SnapshotCalls snapshots) {
    this.shardId = shardId;
    this.watch = watch;
    this.namespaces = namespaces;
    this.editor = editor;
    this.ranges = ranges;
    this.peers = peers;
    this.events = events;
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
    List<CompletableFuture<List<RangeStatus>>> parts = new ArrayList<>();
    parts.add(local());
    if (!request.getLocalOnly()) {
      watch.view().members().values().stream()
          .filter(member -> !member.getId().equals(shardId))
          .forEach(member -> parts.add(remote(member.getId(), member.getAddress())));
    }
    Calls.answer(
        call,
        CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
            .thenApply(
                all -> {
                  // While a range moves two shards may report it: the newer owner's word counts.
                  Map<Integer, RangeStatus> byId = new TreeMap<>();
                  for (CompletableFuture<List<RangeStatus>> part : parts) {
                    for (RangeStatus status : part.join()) {
                      byId.merge(
                          status.getRangeId(),
                          status,
                          (a, b) -> a.getEpoch() >= b.getEpoch() ? a : b);
                    }
                  }
                  return ListRangesResponse.newBuilder().addAllRanges(byId.values()).build();
                }));
  }

  private CompletableFuture<List<RangeStatus>> local() {
    List<CompletableFuture<@Nullable RangeStatus>> asked = new ArrayList<>();
    for (OwnedRange range : ranges.all()) {
      asked.add(range.status());
    }
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> {
              List<RangeStatus> statuses = new ArrayList<>();
              for (CompletableFuture<@Nullable RangeStatus> answer : asked) {
                RangeStatus status = answer.join();
                if (status != null) {
                  statuses.add(status);
                }
              }
              return statuses;
            });
  }

  private CompletableFuture<List<RangeStatus>> remote(String id, String address) {
    return Calls.toFuture(
            peers
                .admin(address)
                .withDeadlineAfter(PEER_SECONDS, TimeUnit.SECONDS)
                .listRanges(ListRangesRequest.newBuilder().setLocalOnly(true).build()))
        .thenApply(ListRangesResponse::getRangesList)
        .exceptionally(
            failure -> {
              log.info("{} at {}: no range list ({})", id, address, failure.toString());
              return List.of();
            });
  }
}
