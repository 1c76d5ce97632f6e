package org.tallyring.shardserver.grpc;

import io.grpc.BindableService;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.tallyring.shardserver.coordination.Coordination;
import org.tallyring.shardserver.ownership.ShardRanges;
import org.tallyring.topology.range.RangeTable;

/** The gRPC server of a shard with all its services, health and reflection. */
public final class ShardEndpoint implements AutoCloseable {

  /** How long calls under way may take when the server stops. */
  private static final long GRACE_MILLIS = 500;

  private final HealthStatusManager health = new HealthStatusManager();
  private final PeerChannels peers = new PeerChannels();
  private final TopologyEndpoint topology;
  private final List<BindableService> services;
  private final Server server;

  /** Builds the server; it does not listen yet. */
  public ShardEndpoint(
      String cluster,
      String shardId,
      String host,
      int port,
      RangeTable table,
      ShardRanges ranges,
      Coordination coordination,
      InstantSource clock,
      ScheduledExecutorService scheduler) {
    NamespaceDirectory namespaces =
        new NamespaceDirectory(coordination.watch(), coordination.namespaces());
    RangeOwners owners = new RangeOwners(shardId, coordination.watch());
    ReadGuard guard = new ReadGuard(coordination::sessionState);
    RangeReads reads = new RangeReads(table, ranges);
    BatchRouter router = new BatchRouter(table.rangeCount(), ranges, owners, peers, namespaces);
    topology = new TopologyEndpoint(cluster, coordination.watch());
    services =
        List.of(
            new CounterEndpoint(
                new RowRecorder(table, router, namespaces, clock, scheduler),
                router,
                new CountsReader(reads, owners, peers, namespaces, guard, clock),
                ranges),
            new RangeEndpoint(shardId, ranges, reads, router, namespaces, guard, clock),
            new AdminEndpoint(
                shardId,
                coordination.watch(),
                namespaces,
                new NamespaceEditor(coordination.namespaces()),
                ranges,
                peers),
            topology);
    ServerBuilder<?> builder =
        // grpc-java's neutral builder knows ports only and would listen on every address.
        NettyServerBuilder.forAddress(
                new InetSocketAddress(host, port), InsecureServerCredentials.create())
            .maxInboundMessageSize(2 * ErrorInterceptor.MAX_MESSAGE_BYTES)
            .intercept(new ErrorInterceptor())
            .addService(health.getHealthService())
            .addService(ProtoReflectionServiceV1.newInstance());
    services.forEach(builder::addService);
    server = builder.build();
    healthy(false);
  }

  /**
   * Listens.
   *
   * @return the port
   * @throws IOException if it cannot be bound
   */
  public int start() throws IOException {
    return server.start().getPort();
  }

  /** The port that is listened on. */
  public int port() {
    return server.getPort();
  }

  /** Sets what the health service answers, for the server and for each service. */
  public void healthy(boolean serving) {
    ServingStatus status = serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
    services.forEach(
        service ->
            health.setStatus(service.bindService().getServiceDescriptor().getName(), status));
  }

  /** Takes no new calls, lets those under way finish for a moment, ends the rest. */
  @Override
  public void close() {
    health.enterTerminalState();
    topology.close();
    server.shutdown();
    try {
      if (!server.awaitTermination(GRACE_MILLIS, TimeUnit.MILLISECONDS)) {
        server.shutdownNow();
        server.awaitTermination(GRACE_MILLIS, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    peers.close();
  }
}
