package org.tallyring.shardserver.coordination;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.BoundedExponentialBackoffRetry;
import org.apache.zookeeper.KeeperException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.ClusterConfig;

/**
 * Coordination by ZooKeeper, through Curator. Together with the other {@code Curator} classes of
 * this package it is the only code that knows ZooKeeper.
 *
 * <p>Threads: views, session changes, election news and the results of stores arrive on one thread,
 * {@code coordination-<cluster>}; whoever is called there must not block, and must not wait for a
 * store. Curator's own threads never run foreign code.
 */
public final class CuratorCoordination implements Coordination {

  private static final Logger log = LoggerFactory.getLogger(CuratorCoordination.class);

  /** Servers of a cluster are often started together; ZooKeeper gets this long to come up. */
  private static final int CONNECT_PATIENCE_MILLIS = 30_000;

  private static final int FIRST_RETRY_MILLIS = 20;
  private static final int LONGEST_RETRY_MILLIS = 500;
  private static final int RETRIES = 8;

  /** How often within its time-out the session is proven alive. */
  private static final int PROOFS_PER_SESSION = 6;

  private final CuratorFramework client;
  private final ScheduledExecutorService executor;
  private final SessionLease lease;
  private final CuratorSession session;
  private final CuratorMembership membership;
  private final CuratorElection election;
  private final ProtoNodes nodes;
  private final Paths paths;
  private final CuratorClusterWatch watch;

  private CuratorCoordination(CoordinationSettings settings) throws Exception {
    paths = new Paths(settings.clusterName());
    executor = singleThread("coordination-" + settings.clusterName());
    // The service may grant a little less than what is asked for.
    lease =
        new SessionLease(
            System::nanoTime, Duration.ofMillis(settings.sessionTimeoutMillis() * 3L / 4));
    session = new CuratorSession(executor, lease);
    client =
        CuratorFrameworkFactory.builder()
            .connectString(settings.connectString())
            .sessionTimeoutMs(settings.sessionTimeoutMillis())
            .connectionTimeoutMs(settings.sessionTimeoutMillis())
            .retryPolicy(
                new BoundedExponentialBackoffRetry(
                    FIRST_RETRY_MILLIS, LONGEST_RETRY_MILLIS, RETRIES))
            .dontUseContainerParents()
            // The configured servers are the truth; the tracker would replace them by addresses
            // that the servers know each other by, which need not be reachable from here.
            .ensembleTracker(false)
            .build();
    nodes = new ProtoNodes(client, executor);
    election = new CuratorElection(client, paths.controller(), executor);
    membership = new CuratorMembership(client, paths, this::replaced);
    try {
      client.getConnectionStateListenable().addListener(session);
      client.start();
      if (!session.awaitConnected(CONNECT_PATIENCE_MILLIS)) {
        throw new CoordinationException(
            "connectString: "
                + settings.connectString()
                + " (expected: a ZooKeeper that answers within "
                + CONNECT_PATIENCE_MILLIS
                + " ms)");
      }
      ClusterConfig config = ClusterCreation.ensure(client, paths, settings.rangeCount());
      watch = CuratorClusterWatch.start(client, paths, executor, config, CONNECT_PATIENCE_MILLIS);
      watch.listen(membership::onView);
      session.listen(membership::onSession);
      executor.scheduleWithFixedDelay(
          this::proveSession,
          0,
          settings.sessionTimeoutMillis() / PROOFS_PER_SESSION,
          TimeUnit.MILLISECONDS);
    } catch (Exception e) {
      session.close();
      membership.close();
      client.close();
      executor.shutdownNow();
      throw e;
    }
  }

  /**
   * Connects, and creates the cluster if it does not exist. Returns when the first view is
   * complete.
   *
   * @throws CoordinationException if ZooKeeper does not answer
   * @throws IllegalStateException if the cluster places keys with another hash than this process
   */
  public static CuratorCoordination connect(CoordinationSettings settings) {
    try {
      return new CuratorCoordination(settings);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw CoordinationException.of("cannot join cluster " + settings.clusterName(), e);
    }
  }

  @Override
  public ClusterWatch watch() {
    return watch;
  }

  @Override
  public Membership membership() {
    return membership;
  }

  @Override
  public Election election() {
    return election;
  }

  @Override
  public AssignmentStore assignment() {
    return new CuratorAssignmentStore(nodes, paths);
  }

  @Override
  public RangeStore ranges() {
    return new CuratorRangeStore(nodes, paths);
  }

  @Override
  public NamespaceStore namespaces() {
    return new CuratorNamespaceStore(nodes, paths);
  }

  @Override
  public SnapshotStore snapshots() {
    return new CuratorSnapshotStore(nodes, paths);
  }

  @Override
  public SessionState sessionState() {
    return session.state();
  }

  @Override
  public SessionState provenState() {
    return session.provenState();
  }

  /** Asks for something that is known; only that there is an answer counts. */
  private void proveSession() {
    long sentAt = System.nanoTime();
    try {
      client
          .checkExists()
          .inBackground(
              (unused, event) -> {
                if (event.getResultCode() == KeeperException.Code.OK.intValue()) {
                  lease.proven(sentAt);
                }
              })
          .forPath(paths.config());
    } catch (Exception e) {
      log.debug("The session was not proven alive", e);
    }
  }

  @Override
  public void listenToSession(Consumer<SessionState> listener) {
    session.listen(listener);
  }

  private void replaced() {
    session.endForGood();
    election.close();
  }

  /**
   * Leaves the election and ends the session, and with it the registration. Calls to stores that
   * are still open fail.
   */
  @Override
  public void close() {
    session.close();
    election.close();
    membership.close();
    watch.close();
    client.close();
    executor.shutdown();
    nodes.close();
  }

  /** The client; for tests that break its session. */
  CuratorFramework client() {
    return client;
  }

  private static ScheduledExecutorService singleThread(String name) {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            });
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    return executor;
  }
}
