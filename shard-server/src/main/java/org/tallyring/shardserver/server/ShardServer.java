package org.tallyring.shardserver.server;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.shardserver.controller.Controller;
import org.tallyring.shardserver.controller.ControllerSettings;
import org.tallyring.shardserver.controller.Drains;
import org.tallyring.shardserver.controller.Rebalancer.Rebalancing;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.Coordination;
import org.tallyring.shardserver.coordination.SessionState;
import org.tallyring.shardserver.grpc.PeerHandOffs;
import org.tallyring.shardserver.grpc.ShardEndpoint;
import org.tallyring.shardserver.journal.RangeJournals;
import org.tallyring.shardserver.journal.SnapshotArchive;
import org.tallyring.shardserver.ownership.AccountRounds;
import org.tallyring.shardserver.ownership.OwnedRange;
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

  /** How long it may take to say that this shard is to be emptied. */
  private static final long DRAIN_WISH_SECONDS = 5;

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

  /** Null before the start. */
  private volatile @Nullable MemberLife life;

  private ShardServer(
      ShardServerSettings settings,
      Coordination coordination,
      RangeJournals journals,
      SnapshotArchive archive,
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
            this::rebalance,
            archive,
            clock,
            scheduler);
    FunctionCounter.builder("tallyring.received.bytes", endpoint, ShardEndpoint::receivedBytes)
        .description("Bytes of messages received over the network")
        .tags("shard", settings.shardId())
        .register(registry);
    Gauge.builder("tallyring.coordination.connected", this, shard -> shard.isInTouch() ? 1 : 0)
        .description("1 while the shard has a live session with ZooKeeper")
        .tags("shard", settings.shardId())
        .register(registry);
    this.controller =
        new Controller(
            settings.shardId(),
            coordination,
            new ControllerSettings(
                settings.rejoinGrace(), settings.expectedMembers(), settings.movesAtOnce()),
            endpoint.loads(),
            clock,
            scheduler);
  }

  private CompletableFuture<Rebalancing> rebalance(boolean dryRun) {
    return controller.rebalance(dryRun);
  }

  /**
   * Starts a shard. When this returns it listens and is a member; its ranges follow as the
   * controller assigns them.
   *
   * @param archive where named snapshots are stored
   * @param registry where the shard's meters are registered; shards may share one
   * @throws IOException if the port cannot be bound
   */
  public static ShardServer start(
      ShardServerSettings settings,
      Coordination coordination,
      RangeJournals journals,
      SnapshotArchive archive,
      InstantSource clock,
      MeterRegistry registry)
      throws IOException {
    ShardServer server =
        new ShardServer(settings, coordination, journals, archive, clock, registry);
    server.start();
    return server;
  }

  private void start() throws IOException {
    int port = endpoint.start();
    MemberLife beginning =
        new MemberLife(
            coordination.membership(),
            Member.newBuilder()
                .setId(settings.shardId())
                .setAddress(settings.host() + ":" + port)
                .setWeight(settings.weight())
                .setZone(settings.zone())
                .setIncarnation(new SecureRandom().nextLong())
                .build());
    life = beginning;
    coordination.watch().listen(this::changed);
    coordination.listenToSession(beginning::onSession);
    beginning.join();
    controller.start();
    accounts.start();
    log.info("{} listens on {}:{}", settings.shardId(), settings.host(), port);
  }

  private void changed(ClusterView view) {
    ranges.reconcile(view);
    endpoint.healthy(servesItsShare(view));
    MemberLife begun = life;
    if (begun != null) {
      begun.look(view);
    }
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

  /** How it is. */
  public ShardHealth health() {
    if (!servesItsShare(coordination.watch().view())) {
      return ShardHealth.NOT_SERVING;
    }
    if (!isInTouch()) {
      return ShardHealth.OUT_OF_TOUCH;
    }
    return ranges.all().stream().anyMatch(OwnedRange::isDegraded)
        ? ShardHealth.FEWER_COPIES
        : ShardHealth.SERVING;
  }

  private boolean isInTouch() {
    return coordination.sessionState() == SessionState.CONNECTED;
  }

  /** The port that is listened on. */
  public int port() {
    return endpoint.port();
  }

  /**
   * Hands all ranges on, as somebody asked or because the process is to stop. Returns when nothing
   * names this shard any more, when nobody is there to take its ranges, or when the time is up;
   * what it still has then goes to others when it is closed.
   */
  public void drain(Duration atMost) {
    CountDownLatch over = new CountDownLatch(1);
    try {
      new Drains(coordination).add(settings.shardId()).get(DRAIN_WISH_SECONDS, TimeUnit.SECONDS);
      log.info("{}: handing its ranges on before it stops", settings.shardId());
      coordination.listenToSession(
          state -> {
            if (state == SessionState.LOST) {
              over.countDown();
            }
          });
      coordination
          .watch()
          .listen(
              view -> {
                if (view.rangesNaming(settings.shardId()) == 0
                    || view.takersBeside(settings.shardId()).isEmpty()) {
                  over.countDown();
                }
              });
      if (!over.await(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn(
            "{}: stops with {} ranges not handed on after {} s; others recover them",
            settings.shardId(),
            coordination.watch().view().rangesNaming(settings.shardId()),
            atMost.toSeconds());
      }
    } catch (ExecutionException e) {
      // The last shard of a cluster is stopped like this, and one without a session.
      log.info("{}: stops without a drain: {}", settings.shardId(), String.valueOf(e.getCause()));
    } catch (TimeoutException e) {
      log.warn("{}: stops without a drain: ZooKeeper does not answer", settings.shardId());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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
    MemberLife begun = life;
    if (begun != null) {
      begun.leave();
    }
    endpoint.close();
    handOffs.close();
    loops.close();
    scheduler.shutdownNow();
  }
}
