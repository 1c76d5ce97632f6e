package org.tallyring.shardserver.coordination;

/** What this process knows of its session with the coordination service. */
public enum SessionState {
  /** Alive as far as is known: what this process owns is its own. */
  CONNECTED,
  /** Out of touch: the session may end, or have ended, without this process hearing of it. */
  SUSPENDED,
  /** Ended: registrations are gone and ranges may have been given away. */
  LOST
}
