package org.tallyring.shardserver.server;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.shardserver.controller.Controller;
import org.tallyring.shardserver.controller.ControllerSettings;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.Coordination;
import org.tallyring.shardserver.grpc.PeerHandOffs;
import org.tallyring.shardserver.grpc.ShardEndpoint;
import org.tallyring.shardserver.journal.RangeJournals;
import org.tallyring.shardserver.ownership.AccountRounds;
import org.tallyring.shardserver.ownership.RangeLoops;
import org.tallyring.shardserver.ownership.RangeState;
import org.tallyring.shardserver.ownership.ShardMeters;
import org.tallyring.shardserver.ownership.ShardRanges;
import org.tallyring.topology.range.RangeTable;

/**
 * A shard: joins the cluster, takes the ranges assigned to it and serves them over gRPC; the
 * elected one of all shards also decides assignments.
 *
 * <p>The coordination and the journals are given from outside and stay open, since a process with
 * several shards shares them.
 */
public final class ShardServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ShardServer.class);

  private static final long RELEASE_SECONDS = 10;

  private final ShardServerSettings settings;
  private final Coordination coordination;
  private final RangeTable table;
  private final ScheduledExecutorService scheduler;
  private final RangeLoops loops;
  private final PeerHandOffs handOffs;
  private final ShardRanges ranges;
  private final ShardEndpoint endpoint;
  private final Controller controller;
  private final AccountRounds accounts;

  private ShardServer(
      ShardServerSettings settings,
      Coordination coordination,
      RangeJournals journals,
      InstantSource clock,
      MeterRegistry registry) {
    this.settings = settings;
    this.coordination = coordination;
    this.table = new RangeTable(coordination.watch().view().config().getRangeCount());
    this.scheduler =
        Executors.newSingleThreadScheduledExecutor(
            task -> new Thread(task, settings.shardId() + "-scheduler"));
    this.loops = new RangeLoops(settings.shardId(), settings.loops());
    ShardMeters meters = new ShardMeters(registry, settings.shardId());
    this.handOffs = PeerHandOffs.overNetwork(settings.shardId(), coordination.watch());
    this.ranges =
        new ShardRanges(
            settings.shardId(),
            table,
            journals,
            handOffs,
            coordination.namespaces(),
            loops,
            settings.ranges(),
            clock,
            scheduler,
            meters);
    this.accounts = new AccountRounds(ranges, meters, scheduler);
    this.endpoint =
        new ShardEndpoint(
            settings.cluster(),
            settings.shardId(),
            settings.host(),
            settings.port(),
            table,
            ranges,
            coordination,
            clock,
            scheduler);
    FunctionCounter.builder("tallyring.received.bytes", endpoint, ShardEndpoint::receivedBytes)
        .description("Bytes of messages received over the network")
        .tags("shard", settings.shardId())
        .register(registry);
    this.controller =
        new Controller(
            settings.shardId(),
            coordination,
            new ControllerSettings(settings.rejoinGrace(), settings.expectedMembers()),
            scheduler);
  }

  /**
   * Starts a shard. When this returns it listens and is a member; its ranges follow as the
   * controller assigns them.
   *
   * @param registry where the shard's meters are registered; shards may share one
   * @throws IOException if the port cannot be bound
   */
  public static ShardServer start(
      ShardServerSettings settings,
      Coordination coordination,
      RangeJournals journals,
      InstantSource clock,
      MeterRegistry registry)
      throws IOException {
    ShardServer server = new ShardServer(settings, coordination, journals, clock, registry);
    server.start();
    return server;
  }

  private void start() throws IOException {
    int port = endpoint.start();
    coordination.watch().listen(this::changed);
    coordination
        .membership()
        .join(
            Member.newBuilder()
                .setId(settings.shardId())
                .setAddress(settings.host() + ":" + port)
                .setWeight(settings.weight())
                .setZone(settings.zone())
                .setIncarnation(new SecureRandom().nextLong())
                .build());
    controller.start();
    accounts.start();
    log.info("{} listens on {}:{}", settings.shardId(), settings.host(), port);
  }

  private void changed(ClusterView view) {
    ranges.reconcile(view);
    endpoint.healthy(servesItsShare(view));
  }

  private boolean servesItsShare(ClusterView view) {
    var owners = view.assignment().value().getOwnersList();
    for (int rangeId = 0; rangeId < owners.size(); rangeId++) {
      if (owners.get(rangeId).equals(settings.shardId())
          && ranges.find(rangeId).map(range -> range.state() != RangeState.SERVING).orElse(true)) {
        return false;
      }
    }
    return !owners.isEmpty();
  }

  /** Whether every range that is assigned to this shard is served by it, and there is one. */
  public boolean healthy() {
    return servesItsShare(coordination.watch().view());
  }

  /** The port that is listened on. */
  public int port() {
    return endpoint.port();
  }

  /** Stops deciding assignments; for a process that stops several shards at once. */
  public void resign() {
    controller.close();
  }

  /**
   * Stops: decides nothing any more, finishes what is in flight, closes the journals, leaves the
   * cluster and ends the calls.
   */
  @Override
  public void close() {
    resign();
    endpoint.healthy(false);
    try {
      ranges.close().get(RELEASE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      log.warn("{}: not all journals closed; the next owners recover them", settings.shardId());
    } catch (ExecutionException e) {
      log.warn("{}: not all journals closed", settings.shardId(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    coordination.membership().leave();
    endpoint.close();
    handOffs.close();
    loops.close();
    scheduler.shutdownNow();
  }
}
