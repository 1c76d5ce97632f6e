package org.tallyring.shardserver.coordination;

import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Election by {@link LeaderLatch}.
 *
 * <p>Before it calls itself leader the latch checks that the first node in line belongs to its
 * present session, not to one that ended (Curator 5.6 and later); on a suspended connection it
 * steps back at once, because the default error policy counts SUSPENDED as an error. Neither is
 * fencing: a process that pauses after the check still believes that it leads.
 */
final class CuratorElection implements Election, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(CuratorElection.class);

  private final CuratorFramework client;
  private final String path;
  private final Executor executor;
  private @Nullable LeaderLatch latch;
  private boolean closed;

  CuratorElection(CuratorFramework client, String path, Executor executor) {
    this.client = client;
    this.path = path;
    this.executor = executor;
  }

  @Override
  public synchronized void campaign(String id, Consumer<Boolean> listener) {
    if (latch != null) {
      throw new IllegalStateException("campaign: " + id + " (expected: one for each connection)");
    }
    if (closed) {
      // It would be first in line for as long as it is connected, and never act.
      log.warn("{} does not stand for election: its session has ended.", id);
      return;
    }
    LeaderLatch candidate = new LeaderLatch(client, path, id, LeaderLatch.CloseMode.NOTIFY_LEADER);
    candidate.addListener(
        new LeaderLatchListener() {
          @Override
          public void isLeader() {
            Listeners.call(listener, true);
          }

          @Override
          public void notLeader() {
            Listeners.call(listener, false);
          }
        },
        executor);
    try {
      candidate.start();
    } catch (Exception e) {
      throw CoordinationException.of("cannot stand for election at " + path, e);
    }
    latch = candidate;
  }

  /** Steps back for good, and does not stand any more. */
  @Override
  public synchronized void close() {
    closed = true;
    if (latch == null || latch.getState() != LeaderLatch.State.STARTED) {
      return;
    }
    try {
      latch.close();
    } catch (IOException e) {
      log.warn("Cannot leave the election at {}; it ends with the session.", path, e);
    }
  }
}
