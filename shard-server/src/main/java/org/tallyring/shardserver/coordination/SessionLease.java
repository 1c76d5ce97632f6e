package org.tallyring.shardserver.coordination;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Until when a session may be relied on without asking again.
 *
 * <p>A process that is stopped for longer than its session, and goes on, believes for a moment that
 * nothing has happened: the news of the end waits in its queues, and what it would answer then is
 * old. But its clock has gone on. The service keeps a session for its time-out after it last heard
 * of it, so the session lives at least for that long after a question was <em>sent</em> that the
 * service answered, and a process that knows when that was need not wait for any news.
 *
 * <p>After the end of a session, the first answers of the next one come before the news of who owns
 * what now; nothing is relied on for the length of a lease. Thread-safe.
 */
final class SessionLease {

  private final LongSupplier nanoClock;
  private final long lengthNanos;

  private long provenAt;
  private long notBefore;

  /**
   * A lease that holds from now on.
   *
   * @param nanoClock monotonic, and goes on while the process is stopped
   * @param length shorter than the session's time-out
   */
  SessionLease(LongSupplier nanoClock, Duration length) {
    this.nanoClock = nanoClock;
    this.lengthNanos = length.toNanos();
    provenAt = nanoClock.getAsLong();
    notBefore = provenAt;
  }

  /** The service has answered what was sent then. */
  synchronized void proven(long sentAtNanos) {
    if (sentAtNanos - provenAt > 0) {
      provenAt = sentAtNanos;
    }
  }

  /** The session has ended. */
  synchronized void lost() {
    notBefore = nanoClock.getAsLong() + lengthNanos;
  }

  /** A state that is known, which is not connected while the session does not live for certain. */
  SessionState proven(SessionState known) {
    return known == SessionState.CONNECTED && !holds() ? SessionState.SUSPENDED : known;
  }

  /** Whether the session lives for certain. */
  synchronized boolean holds() {
    long now = nanoClock.getAsLong();
    return now - notBefore >= 0 && now - provenAt < lengthNanos;
  }
}
