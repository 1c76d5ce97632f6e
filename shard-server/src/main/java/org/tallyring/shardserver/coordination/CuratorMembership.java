package org.tallyring.shardserver.coordination;

import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.Member;

/**
 * A registration as an ephemeral node, held by hand and not with Curator's {@code PersistentNode},
 * because of two cases that need a decision:
 *
 * <ul>
 *   <li>At {@link #join} a node of our id belongs to a former process that is dead or about to be.
 *       It is replaced in one transaction, so that nobody sees a moment without the member and
 *       gives its ranges away.
 *   <li>Later, a node of our id with another incarnation means that a younger process did the same
 *       to us. Two processes that replace each other for ever would be worse than one that stops,
 *       so the older one does: its session counts as lost from then on.
 * </ul>
 *
 * <p>A node that is gone, or that belongs to an earlier session of this process, is made anew.
 * Blocking calls run on a thread of this class, one at a time.
 */
final class CuratorMembership implements Membership, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(CuratorMembership.class);

  /** Each attempt fails only when somebody else changed the node in between. */
  private static final int MAX_ATTEMPTS = 10;

  private static final long RETRY_MILLIS = 500;

  private final CuratorFramework client;
  private final Paths paths;
  private final Runnable whenReplaced;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "membership");
            thread.setDaemon(true);
            return thread;
          });

  /** What this process is registered as; null before it joins, after it leaves or was replaced. */
  private volatile @Nullable Member self;

  CuratorMembership(CuratorFramework client, Paths paths, Runnable whenReplaced) {
    this.client = client;
    this.paths = paths;
    this.whenReplaced = whenReplaced;
  }

  @Override
  public synchronized void join(Member member) {
    try {
      register(member, true);
    } catch (Exception e) {
      throw CoordinationException.of("cannot register " + paths.member(member.getId()), e);
    }
    self = member;
  }

  @Override
  public void update(Member member) {
    // Decided now, and again when its turn comes: a join that follows this call must not be changed
    // by it.
    if (!isSelf(member)) {
      return;
    }
    try {
      executor.execute(
          () -> {
            if (replaceSelf(member)) {
              restore();
            }
          });
    } catch (RejectedExecutionException e) {
      log.debug("Closed: the registration ends with the session.");
    }
  }

  private synchronized boolean replaceSelf(Member member) {
    if (!isSelf(member)) {
      return false;
    }
    self = member;
    return true;
  }

  private boolean isSelf(Member member) {
    Member present = self;
    return present != null && present.getIncarnation() == member.getIncarnation();
  }

  @Override
  public synchronized void leave() {
    Member member = self;
    self = null;
    if (member == null) {
      return;
    }
    String path = paths.member(member.getId());
    try {
      Stat stat = client.checkExists().forPath(path);
      if (stat != null && stat.getEphemeralOwner() == sessionId()) {
        client.delete().withVersion(stat.getVersion()).forPath(path);
      }
    } catch (KeeperException.NoNodeException | KeeperException.BadVersionException e) {
      log.debug("{} was replaced while we left it.", path);
    } catch (Exception e) {
      throw CoordinationException.of("cannot remove " + path, e);
    }
  }

  /** Looks after the registration when a view shows it missing or as another process's. */
  void onView(ClusterView view) {
    // No lock here: it is held over blocking calls, and this thread brings views to everybody.
    Member member = self;
    if (member != null && !member.equals(view.members().get(member.getId()))) {
      restoreSoon(0);
    }
  }

  /** Looks after the registration when a connection is back, possibly with a new session. */
  void onSession(SessionState state) {
    if (state == SessionState.CONNECTED) {
      restoreSoon(0);
    }
  }

  private void restoreSoon(long delayMillis) {
    try {
      executor.schedule(this::restore, delayMillis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      log.debug("Closed: the registration ends with the session.");
    }
  }

  private synchronized void restore() {
    Member member = self;
    if (member == null) {
      return;
    }
    try {
      if (!register(member, false)) {
        self = null;
        log.error(
            "Another process has joined as {}. This one stops: its registration is not renewed and its"
                + " ranges are given up. Give every shard an id of its own.",
            member.getId());
        whenReplaced.run();
      }
    } catch (Exception e) {
      if (!executor.isShutdown()) {
        log.warn("Cannot renew the registration of {}; trying again.", member.getId(), e);
        restoreSoon(RETRY_MILLIS);
      }
    }
  }

  /**
   * Makes the node ours.
   *
   * @return false if it belongs to another incarnation and that one is not to be replaced
   */
  private boolean register(Member member, boolean replaceOthers) throws Exception {
    String path = paths.member(member.getId());
    byte[] data = member.toByteArray();
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      try {
        Stat stat = new Stat();
        byte[] stored = client.getData().storingStatIn(stat).forPath(path);
        if (stat.getEphemeralOwner() == sessionId() && Arrays.equals(stored, data)) {
          return true;
        }
        if (!replaceOthers
            && Member.parseFrom(stored).getIncarnation() != member.getIncarnation()) {
          return false;
        }
        if (stat.getEphemeralOwner() == sessionId()) {
          client.setData().withVersion(stat.getVersion()).forPath(path, data);
          return true;
        }
        client
            .transaction()
            .forOperations(
                client.transactionOp().delete().withVersion(stat.getVersion()).forPath(path),
                client.transactionOp().create().withMode(CreateMode.EPHEMERAL).forPath(path, data));
        return true;
      } catch (KeeperException.NoNodeException e) {
        if (create(path, data)) {
          return true;
        }
      } catch (KeeperException.BadVersionException | KeeperException.NodeExistsException e) {
        log.debug("{} changed while we registered; looking again.", path);
      }
    }
    throw new IllegalStateException(
        path + ": changed " + MAX_ATTEMPTS + " times (expected: one process for each id)");
  }

  private boolean create(String path, byte[] data) throws Exception {
    try {
      client.create().withMode(CreateMode.EPHEMERAL).forPath(path, data);
      return true;
    } catch (KeeperException.NodeExistsException e) {
      // Either another process was faster, or this is the echo of our own create whose answer was
      // lost. Reading it again tells which.
      return false;
    }
  }

  private long sessionId() throws Exception {
    return client.getZookeeperClient().getZooKeeper().getSessionId();
  }

  /** Stops looking after the registration, which ends with the session. */
  @Override
  public void close() {
    executor.shutdownNow();
  }
}
