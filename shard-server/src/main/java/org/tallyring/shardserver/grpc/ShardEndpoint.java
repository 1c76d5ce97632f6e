package org.tallyring.shardserver.grpc;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.tallyring.shardserver.controller.LoadSource;
import org.tallyring.shardserver.controller.Rebalancer;
import org.tallyring.shardserver.coordination.Coordination;
import org.tallyring.shardserver.journal.SnapshotArchive;
import org.tallyring.shardserver.ownership.ShardRanges;
import org.tallyring.topology.range.RangeTable;

/** The gRPC server of a shard. */
public final class ShardEndpoint implements AutoCloseable {

  /** How long calls under way may take when the server stops. */
  private static final long GRACE_MILLIS = 500;

  private final ReceivedBytes received = new ReceivedBytes();
  private final CallThreads callThreads;
  private final ShardServices services;
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
      Rebalancer rebalancer,
      SnapshotArchive archive,
      InstantSource clock,
      ScheduledExecutorService scheduler) {
    callThreads = new CallThreads(shardId);
    services =
        new ShardServices(
            cluster,
            shardId,
            table,
            ranges,
            coordination,
            rebalancer,
            archive,
            new PeerChannels(PeerChannels::connect),
            clock,
            scheduler,
            callThreads.others());
    // grpc-java's neutral builder knows ports only and would listen on every address.
    server =
        services
            .addTo(
                NettyServerBuilder.forAddress(
                    new InetSocketAddress(host, port), InsecureServerCredentials.create()))
            .addStreamTracerFactory(received)
            .directExecutor()
            .callExecutor(callThreads)
            .build();
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

  /** Says how heavy the ranges of the cluster are. */
  public LoadSource loads() {
    return services.loads();
  }

  /** How many bytes of messages were received so far. */
  public long receivedBytes() {
    return received.sum();
  }

  /** Sets what the health service answers. */
  public void healthy(boolean serving) {
    services.healthy(serving);
  }

  /** Takes no new calls, lets those under way finish for a moment, ends the rest. */
  @Override
  public void close() {
    services.sayGoodbye();
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
    services.close();
    callThreads.close();
  }
}
