package org.tallyring.standalone;

import static java.util.Objects.requireNonNull;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.aggregator.server.AggregatorConfig;
import org.tallyring.aggregator.server.AggregatorServer;
import org.tallyring.shardserver.controller.ControllerSettings;
import org.tallyring.shardserver.coordination.Coordination;
import org.tallyring.shardserver.coordination.CoordinationSettings;
import org.tallyring.shardserver.coordination.CuratorCoordination;
import org.tallyring.shardserver.journal.BookKeeperJournals;
import org.tallyring.shardserver.journal.BookieSettings;
import org.tallyring.shardserver.journal.JournalBookie;
import org.tallyring.shardserver.journal.JournalSettings;
import org.tallyring.shardserver.ownership.RangeSettings;
import org.tallyring.shardserver.ownership.Rehearsal;
import org.tallyring.shardserver.server.ShardServer;
import org.tallyring.shardserver.server.ShardServerSettings;

/**
 * A whole cluster in one JVM: ZooKeeper, one bookie, shards and an aggregator, the same code as in
 * a cluster of processes, on loopback ports.
 *
 * <p>There is one copy of everything: acknowledged increments survive the end of the process and of
 * the operating system (they are fsynced), not the loss of the disk.
 *
 * <p>The aggregator starts beside the rest, since loading its classes takes about as long as
 * everything else together and it finds the shards by itself once they listen.
 */
public final class StandaloneCluster implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(StandaloneCluster.class);

  private static final String HOST = "127.0.0.1";
  private static final String CLUSTER = "standalone";
  private static final int TICK_MILLIS = 500;
  private static final int SESSION_TIMEOUT_MILLIS = 8_000;
  private static final Duration REJOIN_GRACE = Duration.ofSeconds(5);
  private static final Duration READY_WITHIN = Duration.ofMinutes(2);

  /** What has been started, in order; stopped in reverse. */
  private final List<AutoCloseable> parts = new ArrayList<>();

  private final List<ShardServer> shards = new ArrayList<>();
  private final StandaloneSettings settings;
  private CompletableFuture<@Nullable AggregatorServer> aggregator =
      CompletableFuture.completedFuture(null);

  private int ranges;

  private StandaloneCluster(StandaloneSettings settings) {
    this.settings = settings;
  }

  /**
   * Starts a cluster; returns when every range is served and the aggregator has collected all of
   * them.
   *
   * @throws IOException if the data directory or a port cannot be used, or the cluster does not
   *     become ready; what was started is stopped again
   */
  public static StandaloneCluster start(StandaloneSettings settings) throws IOException {
    StandaloneCluster cluster = new StandaloneCluster(settings);
    try {
      cluster.startAll();
      return cluster;
    } catch (IOException | RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private void startAll() throws IOException {
    DataDirectory data = DataDirectory.lock(settings.data());
    parts.add(data);
    CompletableFuture<PrometheusMeterRegistry> metrics =
        CompletableFuture.supplyAsync(ProcessMetrics::registry);
    aggregator = metrics.thenApplyAsync(this::startAggregator);
    LocalZooKeeper zooKeeper =
        LocalZooKeeper.start(
            data.zooKeeper(),
            HOST,
            settings.port() + StandaloneSettings.ZOOKEEPER_PORT_OFFSET,
            TICK_MILLIS);
    parts.add(zooKeeper);
    String connect = HOST + ":" + zooKeeper.port();
    List<CompletableFuture<Coordination>> coordinations = new ArrayList<>();
    for (int i = 1; i <= settings.shards(); i++) {
      // Each shard is a member and a candidate with a session of its own.
      coordinations.add(CompletableFuture.supplyAsync(() -> join(connect)));
    }
    parts.add(JournalBookie.start(BookieSettings.embedded(data.bookie(), connect)));
    coordinations.forEach(coordination -> parts.add(coordination.join()));
    BookKeeperJournals journals =
        BookKeeperJournals.connect(
            JournalSettings.defaults(CLUSTER, connect)
                .withSingleMachine(true)
                .withRetention(settings.journalRetention())
                .withZooKeeperSessionTimeout(Duration.ofMillis(SESSION_TIMEOUT_MILLIS)),
            coordinations.get(0).join().ranges());
    parts.add(journals);
    ranges = coordinations.get(0).join().watch().view().config().getRangeCount();
    for (int i = 1; i <= settings.shards(); i++) {
      shards.add(
          ShardServer.start(
              shardSettings(i),
              coordinations.get(i - 1).join(),
              journals,
              journals.archive(),
              InstantSource.system(),
              metrics.join()));
    }
    journals.register(metrics.join());
    awaitReady(requireNonNull(aggregator.join()));
    parts.add(Rehearsal.later(journals.forRehearsal(), Rehearsal.DELAY, Rehearsal.AT_MOST));
  }

  private Coordination join(String zooKeeper) {
    return CuratorCoordination.connect(
        new CoordinationSettings(zooKeeper, CLUSTER, SESSION_TIMEOUT_MILLIS, settings.ranges()));
  }

  /** Its {@code /metrics} shows the shards' meters too. */
  private AggregatorServer startAggregator(PrometheusMeterRegistry metrics) {
    List<String> seeds = new ArrayList<>();
    for (int i = 1; i <= settings.shards(); i++) {
      seeds.add(HOST + ":" + (settings.port() + i));
    }
    return AggregatorServer.start(
        new AggregatorConfig(HOST, settings.port(), seeds, InstantSource.system(), metrics));
  }

  private ShardServerSettings shardSettings(int number) {
    return new ShardServerSettings(
        CLUSTER,
        "shard-" + number,
        HOST,
        settings.port() + number,
        1,
        "",
        0,
        RangeSettings.DEFAULT,
        settings.shards(),
        REJOIN_GRACE,
        ControllerSettings.DEFAULT_MOVES_AT_ONCE);
  }

  private static void awaitReady(AggregatorServer aggregator) throws IOException {
    try {
      aggregator.complete().get(READY_WITHIN.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IOException("cluster: not ready after " + READY_WITHIN + " (see the log above)", e);
    } catch (ExecutionException e) {
      throw new IOException("cluster: not ready", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("cluster: interrupted while starting", e);
    }
  }

  /** Into how many ranges its ring is cut, which was decided when the cluster was created. */
  public int ranges() {
    return ranges;
  }

  /** Where the aggregator answers, "host:port". */
  public String server() {
    return HOST + ":" + settings.port();
  }

  /**
   * Stops everything: aggregator and shards side by side, then what they rest on, in reverse order.
   * The shards stop deciding before the first of them leaves, or the others would take its ranges
   * over for the last moment.
   */
  @Override
  public void close() {
    shards.forEach(ShardServer::resign);
    List<CompletableFuture<Void>> stopping = new ArrayList<>();
    shards.forEach(shard -> stopping.add(CompletableFuture.runAsync(() -> stop(shard))));
    stopping.add(
        aggregator.handleAsync(
            (started, failure) -> {
              if (started != null) {
                stop(started);
              }
              return null;
            }));
    CompletableFuture.allOf(stopping.toArray(CompletableFuture[]::new)).join();
    Collections.reverse(parts);
    parts.forEach(StandaloneCluster::stop);
    parts.clear();
  }

  private static void stop(AutoCloseable part) {
    try {
      part.close();
    } catch (Exception e) {
      log.warn("{} did not stop cleanly", part.getClass().getSimpleName(), e);
    }
  }
}
