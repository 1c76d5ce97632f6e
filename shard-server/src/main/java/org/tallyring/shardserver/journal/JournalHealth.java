package org.tallyring.shardserver.journal;

/**
 * How well a journal keeps new entries.
 *
 * @param state the verdict
 * @param copies on how many bookies each new entry is written
 */
public record JournalHealth(State state, int copies) {

  /** The verdict. */
  public enum State {
    /** As many copies as the cluster's bookies allow. */
    OK,
    /** Fewer copies than wanted, because bookies are missing; still never fewer than two. */
    DEGRADED,
    /** Not writable any more by this owner. */
    LOST
  }
}
