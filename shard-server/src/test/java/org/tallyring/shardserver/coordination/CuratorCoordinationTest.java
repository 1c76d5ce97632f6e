package org.tallyring.shardserver.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.ClusterConfig;
import org.tallyring.proto.internal.v1.RangeRecord;

/** The promises on a real ZooKeeper, and what only it can show. */
final class CuratorCoordinationTest extends CoordinationContractTest {

  /** Longer than the pauses of a busy machine; no test waits for it. */
  private static final int SESSION_TIMEOUT_MILLIS = 10_000;

  /** How often the server looks for empty containers, in milliseconds. */
  private static final String CONTAINER_CHECK = "znode.container.checkIntervalMs";

  @TempDir static Path directory;

  private static TestingServer server;

  @BeforeAll
  static void start() throws Exception {
    System.setProperty(CONTAINER_CHECK, "100");
    server = LocalZooKeeper.start(directory);
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
    System.clearProperty(CONTAINER_CHECK);
  }

  @Override
  Coordination connectTo(String clusterName, int rangeCount) {
    return CuratorCoordination.connect(
        new CoordinationSettings(
            server.getConnectString(), clusterName, SESSION_TIMEOUT_MILLIS, rangeCount));
  }

  @Override
  void create(String clusterName, ClusterConfig config) throws Exception {
    try (CuratorFramework client =
        CuratorFrameworkFactory.newClient(server.getConnectString(), new RetryOneTime(100))) {
      client.start();
      client
          .create()
          .creatingParentsIfNeeded()
          .forPath(new Paths(clusterName).config(), config.toByteArray());
    }
  }

  /** Ends it on the server: a second connection of the same session closes it. */
  @Override
  void endSession(Coordination coordination) throws Exception {
    ZooKeeper mine = zooKeeper(coordination);
    CountDownLatch connected = new CountDownLatch(1);
    try (ZooKeeper second =
        new ZooKeeper(
            server.getConnectString(),
            SESSION_TIMEOUT_MILLIS,
            event -> connected.countDown(),
            mine.getSessionId(),
            mine.getSessionPasswd())) {
      assertThat(connected.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(second.getSessionId()).isEqualTo(mine.getSessionId());
    }
  }

  private static CuratorFramework client(Coordination coordination) {
    return ((CuratorCoordination) coordination).client();
  }

  private static ZooKeeper zooKeeper(Coordination coordination) throws Exception {
    return client(coordination).getZookeeperClient().getZooKeeper();
  }

  /** ZooKeeper collects containers when they are empty; these must not be collected. */
  @Test
  void parentsAreThereForGood() throws Exception {
    Coordination shard = connect();
    Coordination observer = connect();
    shard.membership().join(member("shard-1", 1));
    until(new Candidate("shard-1", shard)::leads);
    shard.close();
    until(() -> members(observer).isEmpty() && observer.watch().view().controller().isEmpty());
    // Two rounds of the collector: the first may have begun before.
    for (int round = 0; round < 2; round++) {
      String container = "/container-" + round;
      client(observer).create().withMode(CreateMode.CONTAINER).forPath(container);
      client(observer).create().forPath(container + "/child");
      client(observer).delete().forPath(container + "/child");
      until(() -> client(observer).checkExists().forPath(container) == null);
    }

    for (String parent : new Paths(cluster).parents()) {
      assertThat(client(observer).checkExists().forPath(parent)).as(parent).isNotNull();
    }
  }

  /** The server can still hold the node of a session that the process has lost already. */
  @Test
  void theNodeOfAFormerSessionIsReplacedWithoutAGap() throws Exception {
    Coordination shard = connect();
    Coordination former = connect();
    Coordination observer = connect();
    shard.membership().join(member("shard-1", 1));
    // The same process by id and incarnation, in the role of its own former session.
    former.membership().join(member("shard-1", 1));
    until(() -> members(observer).contains("shard-1"));
    List<ClusterView> views = viewsOf(observer);
    long ended = zooKeeper(shard).getSessionId();
    endSession(shard);
    until(() -> zooKeeper(shard).getSessionId() != ended);
    until(() -> owner(observer, "shard-1") == zooKeeper(shard).getSessionId());

    former.close();
    observer.membership().join(member("shard-2", 2));
    until(() -> members(observer).contains("shard-2"));
    assertThat(shard.sessionState()).isEqualTo(SessionState.CONNECTED);
    assertThat(views).allMatch(view -> view.members().containsKey("shard-1"));
  }

  /** The session that a member's node lives in; 0 if there is no such node. */
  private long owner(Coordination coordination, String id) throws Exception {
    Stat stat = client(coordination).checkExists().forPath(new Paths(cluster).member(id));
    return stat == null ? 0 : stat.getEphemeralOwner();
  }

  @Test
  void aConnectionThatIsCutForAMomentCostsNothing() throws Exception {
    Candidate candidate = candidate("shard-1");
    Coordination shard = candidate.coordination;
    shard.membership().join(member("shard-1", 1));
    until(candidate::leads);
    Coordination observer = connect();
    until(() -> members(observer).contains("shard-1"));
    List<ClusterView> views = viewsOf(observer);
    List<SessionState> states = statesOf(shard);
    zooKeeper(shard).getTestable().closeSocket();
    until(() -> states.contains(SessionState.CONNECTED));

    until(() -> candidate.news.size() == 3 && candidate.leads());
    assertThat(states).containsExactly(SessionState.SUSPENDED, SessionState.CONNECTED);
    assertThat(views).allMatch(view -> view.members().containsKey("shard-1"));
    assertThat(candidate.news).containsExactly(true, false, true);
  }

  @Test
  void aServerThatRestartsIsFoundAgainWithEverything() throws Exception {
    Candidate candidate = candidate("shard-1");
    Coordination shard = candidate.coordination;
    Coordination observer = connect();
    shard.membership().join(member("shard-1", 1));
    until(candidate::leads);
    until(() -> members(observer).contains("shard-1"));
    get(shard.assignment().compareAndSet(-1, AssignmentTarget.getDefaultInstance()));
    List<ClusterView> views = viewsOf(observer);
    List<SessionState> states = statesOf(shard);
    server.stop();
    until(() -> shard.sessionState() == SessionState.SUSPENDED && !candidate.leads());
    CompletableFuture<Versioned<RangeRecord>> asked =
        shard.ranges().compareAndSet(1, -1, RangeRecord.getDefaultInstance());
    server.restart();

    until(() -> shard.sessionState() == SessionState.CONNECTED);
    until(candidate::leads);
    until(asked::isDone);
    assertThat(states).doesNotContain(SessionState.LOST);
    if (!asked.isCompletedExceptionally()) {
      assertThat(get(shard.ranges().read(1))).isEqualTo(asked.join());
    }
    get(shard.assignment().compareAndSet(0, AssignmentTarget.getDefaultInstance()));
    until(() -> observer.watch().view().assignment().version() == 1);
    assertThat(views).allMatch(view -> view.members().containsKey("shard-1"));
  }

  @Test
  void aNodeThatCannotBeReadKeepsItsLastGoodValue() throws Exception {
    Coordination shard = connect();
    AssignmentTarget good = AssignmentTarget.newBuilder().setReason("good").build();
    get(shard.assignment().compareAndSet(-1, good));
    until(() -> shard.watch().view().assignment().version() == 0);
    client(shard).setData().forPath(new Paths(cluster).assignment(), new byte[] {-1});
    until(() -> shard.watch().view().assignment().version() == 1);

    assertThat(shard.watch().view().assignment().value()).isEqualTo(good);
    assertThatThrownBy(() -> get(shard.assignment().read()))
        .isInstanceOf(CoordinationException.class)
        .hasMessageContaining("cannot decode");
  }
}
