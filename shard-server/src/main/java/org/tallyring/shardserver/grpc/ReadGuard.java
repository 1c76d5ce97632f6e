package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import java.time.Duration;
import java.util.function.Supplier;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.shardserver.coordination.SessionState;

/**
 * Refuses reads while the session with the coordination service is not known to be alive: another
 * shard may own the ranges by then and have counted further. Writes need no such guard, the journal
 * fences them.
 *
 * <p>Looked at before a read, and again when its answer is there: the process may have been stopped
 * in between for longer than its session, and what it read before that or labels after it is old.
 */
final class ReadGuard {

  private static final Duration RETRY_DELAY = Duration.ofMillis(200);

  private final Supplier<SessionState> session;

  ReadGuard(Supplier<SessionState> session) {
    this.session = session;
  }

  /** Gives back an answer that is there, unless the session is not known to be alive any more. */
  <T> T checked(T answer) {
    check();
    return answer;
  }

  void check() {
    SessionState state = session.get();
    if (state != SessionState.CONNECTED) {
      throw Errors.retryable(
          Code.UNAVAILABLE,
          ErrorReason.ERROR_REASON_NO_SESSION,
          "session: " + state + " (expected: CONNECTED; is ZooKeeper reachable?)",
          RETRY_DELAY);
    }
  }
}
