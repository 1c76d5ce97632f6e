package org.tallyring.shardserver.coordination;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryOneTime;
import org.junit.jupiter.api.Test;

final class CuratorSessionTest {

  private static final Duration LEASE = Duration.ofSeconds(3);

  /** Never started: nothing is asked of it. */
  private final CuratorFramework client =
      CuratorFrameworkFactory.newClient("127.0.0.1:1", new RetryOneTime(1));

  private long now;
  private final SessionLease lease = new SessionLease(() -> now, LEASE);
  private final CuratorSession session = new CuratorSession(Runnable::run, lease);

  @Test
  void aSessionThatCuratorTakesForConnectedIsProvenOnlyWhileTheLeaseHolds() {
    session.stateChanged(client, ConnectionState.CONNECTED);
    assertThat(session.provenState()).isEqualTo(SessionState.CONNECTED);

    now += LEASE.toNanos();

    assertThat(session.state()).isEqualTo(SessionState.CONNECTED);
    assertThat(session.provenState()).isEqualTo(SessionState.SUSPENDED);
    lease.proven(now);
    assertThat(session.provenState()).isEqualTo(SessionState.CONNECTED);
  }

  @Test
  void afterALostSessionTheNextOneIsNotProvenForTheLengthOfALease() {
    session.stateChanged(client, ConnectionState.CONNECTED);
    session.stateChanged(client, ConnectionState.LOST);
    assertThat(session.provenState()).isEqualTo(SessionState.LOST);
    session.stateChanged(client, ConnectionState.RECONNECTED);
    lease.proven(now);
    assertThat(session.provenState()).isEqualTo(SessionState.SUSPENDED);

    now += LEASE.toNanos();
    lease.proven(now);

    assertThat(session.provenState()).isEqualTo(SessionState.CONNECTED);
  }
}
