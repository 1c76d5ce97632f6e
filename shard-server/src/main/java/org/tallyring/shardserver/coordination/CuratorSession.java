package org.tallyring.shardserver.coordination;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.framework.state.ConnectionStateListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Curator says about the connection, as a {@link SessionState}.
 *
 * <p>The state changes at once, on Curator's thread; listeners hear of it in order on the executor.
 * Curator infers {@code LOST} from its own clock when the server cannot be asked, which can be
 * late: it is a reason to stop, never a proof that nobody else has started.
 */
final class CuratorSession implements ConnectionStateListener {

  private static final Logger log = LoggerFactory.getLogger(CuratorSession.class);

  private final Executor executor;
  private final SessionLease lease;
  private final List<Consumer<SessionState>> listeners = new CopyOnWriteArrayList<>();
  private final CountDownLatch connectedOnce = new CountDownLatch(1);
  private volatile SessionState state = SessionState.SUSPENDED;
  private boolean over;

  CuratorSession(Executor executor, SessionLease lease) {
    this.executor = executor;
    this.lease = lease;
  }

  SessionState state() {
    return state;
  }

  /** The state, which is not connected while the lease does not hold. */
  SessionState provenState() {
    return lease.proven(state);
  }

  /** Waits for the first contact with a server; false if there was none in time. */
  boolean awaitConnected(long timeoutMillis) throws InterruptedException {
    return connectedOnce.await(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  void listen(Consumer<SessionState> listener) {
    listeners.add(listener);
  }

  @Override
  public void stateChanged(CuratorFramework client, ConnectionState newState) {
    switch (newState) {
      case CONNECTED, RECONNECTED -> moveTo(SessionState.CONNECTED);
      // A server that only reads has lost its quorum, so nothing it says about ownership is
      // current.
      case SUSPENDED, READ_ONLY -> moveTo(SessionState.SUSPENDED);
      case LOST -> moveTo(SessionState.LOST);
    }
  }

  /** Ends the session as far as this process is concerned, whatever the connection does later. */
  synchronized void endForGood() {
    boolean isNews = !over && state != SessionState.LOST;
    close();
    if (isNews) {
      tell(SessionState.LOST);
    }
  }

  /** The same in silence, for a process that knows. */
  synchronized void close() {
    state = SessionState.LOST;
    over = true;
  }

  private synchronized void moveTo(SessionState next) {
    if (over || state == next) {
      return;
    }
    if (next == SessionState.LOST) {
      lease.lost();
    }
    state = next;
    if (next == SessionState.CONNECTED) {
      connectedOnce.countDown();
      log.info("ZooKeeper session: {}", next);
    } else {
      log.warn("ZooKeeper session: {}. Check that the ZooKeeper servers can be reached.", next);
    }
    tell(next);
  }

  private void tell(SessionState news) {
    executor.execute(() -> Listeners.call(listeners, news));
  }
}
