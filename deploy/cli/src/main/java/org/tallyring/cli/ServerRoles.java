package org.tallyring.cli;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.tallyring.aggregator.server.AggregatorConfig;
import org.tallyring.aggregator.server.AggregatorServer;
import org.tallyring.cli.config.AggregatorRoleConfig;
import org.tallyring.cli.config.BookieConfig;
import org.tallyring.cli.config.HostPort;
import org.tallyring.cli.config.ShardConfig;
import org.tallyring.cli.config.ZooKeeperConfig;
import org.tallyring.cli.failure.CliException;
import org.tallyring.shardserver.coordination.CoordinationSettings;
import org.tallyring.shardserver.coordination.CuratorCoordination;
import org.tallyring.shardserver.journal.BookKeeperJournals;
import org.tallyring.shardserver.journal.BookieSettings;
import org.tallyring.shardserver.journal.JournalBookie;
import org.tallyring.shardserver.journal.JournalSettings;
import org.tallyring.shardserver.journal.RangeJournals;
import org.tallyring.shardserver.ownership.RangeSettings;
import org.tallyring.shardserver.ownership.Rehearsal;
import org.tallyring.shardserver.server.MetricsServer;
import org.tallyring.shardserver.server.ShardServer;
import org.tallyring.shardserver.server.ShardServerSettings;
import org.tallyring.standalone.LocalZooKeeper;
import org.tallyring.standalone.ProcessMetrics;
import org.tallyring.standalone.StandaloneCluster;
import org.tallyring.standalone.StandaloneSettings;

/** Starts the servers from their configuration. */
final class ServerRoles implements Roles {

  private final Console console;

  ServerRoles(Console console) {
    this.console = console;
  }

  @Override
  public void standalone(StandaloneOptions options) {
    say("data: " + options.data().toAbsolutePath().normalize());
    say("copies: one; acknowledged counts survive a crash of process and system, not of the disk");
    Stack started = new Stack();
    try {
      StandaloneCluster cluster =
          StandaloneCluster.start(
              new StandaloneSettings(
                  options.data(),
                  options.shards(),
                  options.ranges(),
                  options.port(),
                  options.journalRetention()));
      started.push(cluster);
      if (cluster.ranges() != options.ranges()) {
        say("ranges: " + cluster.ranges() + ", as the data was created with");
      }
      say("tallyring is ready: http://" + cluster.server());
      if (options.demo()) {
        started.push(Demo.start(console, cluster.server()));
      }
    } catch (IOException | RuntimeException e) {
      started.close();
      throw notStarted("standalone", e);
    }
    Foreground.run(started);
  }

  @Override
  public void zooKeeper(ZooKeeperConfig config) {
    try {
      LocalZooKeeper server =
          LocalZooKeeper.start(
              config.dataDir(),
              config.host(),
              config.port(),
              Math.toIntExact(config.tick().toMillis()));
      say("zookeeper is ready: " + config.host() + ":" + server.port());
      Foreground.run(server);
    } catch (IOException | RuntimeException e) {
      throw notStarted("zookeeper", e);
    }
  }

  @Override
  public void bookie(BookieConfig config) {
    try {
      JournalBookie bookie =
          JournalBookie.start(
              new BookieSettings(
                  config.id(),
                  config.dataDir(),
                  connectString(config.zookeeper()),
                  config.sessionTimeout(),
                  Optional.of(new InetSocketAddress(config.host(), config.port())),
                  true,
                  true,
                  config.zone()));
      say("bookie " + config.id() + " is ready: " + config.host() + ":" + config.port());
      Foreground.run(bookie, bookie.stopped());
    } catch (CliException e) {
      throw e;
    } catch (RuntimeException e) {
      throw notStarted("bookie", e);
    }
  }

  @Override
  public void shardServer(ShardConfig config) {
    Stack started = new Stack();
    try {
      CuratorCoordination coordination =
          CuratorCoordination.connect(
              new CoordinationSettings(
                  connectString(config.zookeeper()),
                  config.clusterName(),
                  Math.toIntExact(config.sessionTimeout().toMillis()),
                  config.ranges()));
      started.push(coordination);
      BookKeeperJournals journals =
          BookKeeperJournals.connect(
              JournalSettings.defaults(config.clusterName(), connectString(config.zookeeper()))
                  .withZooKeeperSessionTimeout(config.sessionTimeout())
                  .withRollBytes(config.journalRollBytes())
                  .withRetention(config.journalRetention()),
              coordination.ranges());
      started.push(journals);
      PrometheusMeterRegistry metrics = ProcessMetrics.registry();
      journals.register(metrics);
      if (coordination.watch().view().isServed()) {
        // Others are at work: this one has the time, and its ranges' producers should not wait.
        try (RangeJournals unknown = journals.forRehearsal()) {
          Rehearsal.run(unknown, Rehearsal.AT_MOST);
        }
      } else {
        started.push(Rehearsal.later(journals.forRehearsal(), Rehearsal.DELAY, Rehearsal.AT_MOST));
      }
      ShardServer shard =
          ShardServer.start(
              new ShardServerSettings(
                  config.clusterName(),
                  config.id(),
                  config.host(),
                  config.port(),
                  config.weight(),
                  config.zone(),
                  config.engineLoops(),
                  new RangeSettings(
                      config.journalSnapshotBytes(),
                      RangeSettings.DEFAULT.snapshotEntries(),
                      config.inFlightBytes()),
                  config.expectedMembers(),
                  config.rejoinGrace(),
                  config.movesAtOnce()),
              coordination,
              journals,
              journals.archive(),
              InstantSource.system(),
              metrics);
      started.push(shard);
      if (config.metricsPort() != 0) {
        started.push(
            MetricsServer.start(
                config.metricsHost(), config.metricsPort(), metrics, shard::health));
      }
      if (!config.drainTimeout().isZero()) {
        // Closed first: while it hands its ranges on it is as it was.
        started.push(() -> shard.drain(config.drainTimeout()));
      }
      say(config.id() + " is ready: " + config.host() + ":" + shard.port());
    } catch (IOException | RuntimeException e) {
      started.close();
      throw notStarted(config.id(), e);
    }
    Foreground.run(started, config.drainTimeout());
  }

  @Override
  public void aggregator(AggregatorRoleConfig config) {
    try {
      AggregatorServer aggregator =
          AggregatorServer.start(
              new AggregatorConfig(
                  config.host(),
                  config.port(),
                  config.seeds().stream().map(HostPort::toString).toList(),
                  InstantSource.system(),
                  ProcessMetrics.registry()));
      say("aggregator is ready: http://" + config.host() + ":" + aggregator.port());
      Foreground.run(aggregator);
    } catch (RuntimeException e) {
      throw notStarted("aggregator", e);
    }
  }

  private void say(String line) {
    console.out().println(line);
    console.out().flush();
  }

  private static String connectString(List<HostPort> servers) {
    return servers.stream().map(HostPort::toString).collect(Collectors.joining(","));
  }

  private static CliException notStarted(String what, Exception cause) {
    return CliException.failed(what + ": not started: " + rootMessage(cause), cause);
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }

  /** What was started, closed in reverse. */
  private static final class Stack implements AutoCloseable {
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();

    void push(AutoCloseable part) {
      parts.push(part);
    }

    @Override
    public void close() {
      while (!parts.isEmpty()) {
        try {
          parts.pop().close();
        } catch (Exception e) {
          throw new IllegalStateException("stop: not in good order", e);
        }
      }
    }
  }
}
