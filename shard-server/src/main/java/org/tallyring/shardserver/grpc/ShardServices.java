package org.tallyring.shardserver.grpc;

import io.grpc.BindableService;
import io.grpc.ServerBuilder;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.tallyring.shardserver.controller.Drains;
import org.tallyring.shardserver.controller.LoadSource;
import org.tallyring.shardserver.controller.Rebalancer;
import org.tallyring.shardserver.coordination.Coordination;
import org.tallyring.shardserver.journal.SnapshotArchive;
import org.tallyring.shardserver.ownership.ShardRanges;
import org.tallyring.topology.range.RangeTable;

/** All services of a shard, wired together, whatever transport serves them. */
final class ShardServices implements AutoCloseable {

  private final HealthStatusManager health = new HealthStatusManager();
  private final PeerChannels peers;
  private final TopologyEndpoint topology;
  private final RangeEndpoint rangeEndpoint;
  private final EventWatches events;
  private final RangeListing listing;

  /** One thread for each call about snapshots, and for what such a call does at once. */
  private final ExecutorService snapshotCalls;

  private final List<BindableService> services;

  /**
   * The services.
   *
   * @param executor for calls that would hold up the transport
   */
  ShardServices(
      String cluster,
      String shardId,
      RangeTable table,
      ShardRanges ranges,
      Coordination coordination,
      Rebalancer rebalancer,
      SnapshotArchive archive,
      PeerChannels peers,
      InstantSource clock,
      ScheduledExecutorService scheduler,
      Executor executor) {
    this.peers = peers;
    NamespaceDirectory namespaces =
        new NamespaceDirectory(coordination.watch(), coordination.namespaces());
    RangeOwners owners = new RangeOwners(shardId, coordination.watch());
    ReadGuard guard = new ReadGuard(coordination::provenState);
    RangeReads reads = new RangeReads(table, ranges);
    BatchRouter router =
        new BatchRouter(
            table.rangeCount(), ranges, owners, new Forwarding(peers, scheduler), namespaces);
    listing = new RangeListing(shardId, coordination.watch(), ranges, peers);
    topology = new TopologyEndpoint(cluster, coordination);
    events =
        new EventWatches(cluster, coordination.watch(), namespaces, peers::rangeStreams, scheduler);
    snapshotCalls =
        Executors.newCachedThreadPool(task -> new Thread(task, shardId + "-snapshot-call"));
    NamedSnapshots snapshots = new NamedSnapshots(coordination.snapshots(), archive);
    OwnerCalls ownerCalls = new OwnerCalls(coordination.watch(), peers, snapshotCalls);
    rangeEndpoint =
        new RangeEndpoint(
            shardId,
            ranges,
            reads,
            router,
            namespaces,
            guard,
            new RangeSnapshots(ranges, owners, archive),
            clock,
            scheduler);
    services =
        List.of(
            new CounterBinding(
                new CounterEndpoint(
                    new RowRecorder(table, router, namespaces, clock, scheduler),
                    router,
                    new CountsReader(reads, owners, peers, namespaces, guard, clock),
                    new SeriesReader(reads, owners, peers, namespaces, guard, clock),
                    executor)),
            rangeEndpoint,
            new AdminEndpoint(
                shardId,
                coordination.watch(),
                namespaces,
                new NamespaceEditor(coordination.namespaces()),
                ranges,
                peers,
                events,
                listing,
                new PlacementEndpoint(
                    shardId, coordination.watch(), new Drains(coordination), rebalancer, peers),
                new SnapshotCalls(
                    snapshots,
                    new SnapshotCreation(table, snapshots, namespaces, ownerCalls, clock),
                    new SnapshotRestoration(
                        table, snapshots, coordination.namespaces(), ownerCalls),
                    snapshotCalls)),
            topology);
    healthy(false);
  }

  /** Adds everything that a shard serves. */
  <B extends ServerBuilder<B>> B addTo(B builder) {
    builder
        .maxInboundMessageSize(2 * ErrorInterceptor.MAX_MESSAGE_BYTES)
        .intercept(new ErrorInterceptor())
        .addService(health.getHealthService())
        .addService(ProtoReflectionServiceV1.newInstance());
    services.forEach(builder::addService);
    return builder;
  }

  /** Says how heavy ranges are. */
  LoadSource loads() {
    return listing;
  }

  /** Sets what the health service answers, for the server and for each service. */
  void healthy(boolean serving) {
    ServingStatus status = serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
    services.forEach(
        service ->
            health.setStatus(service.bindService().getServiceDescriptor().getName(), status));
  }

  /** Tells watchers and other shards that this is the end, so that they turn to another shard. */
  void sayGoodbye() {
    health.enterTerminalState();
    rangeEndpoint.close();
    topology.close();
    events.close();
  }

  @Override
  public void close() {
    snapshotCalls.shutdownNow();
    peers.close();
  }
}
