package org.tallyring.shardserver.journal;

import java.util.EnumSet;
import java.util.Set;

/** Where a journal is in its owner's hands. */
enum JournalState {
  /** Entries go to the present segment. */
  OPEN,
  /**
   * Entries queue until the last of the old segment is acknowledged; then they go to the new one.
   */
  SWITCHING,
  /** Every entry taken is acknowledged, no more are, and the segment is being ended. */
  CLOSING,
  /** Ended on purpose. */
  CLOSED,
  /** Not writable any more: fenced, failed or taken. */
  LOST;

  private Set<JournalState> next() {
    return switch (this) {
      case OPEN -> EnumSet.of(SWITCHING, CLOSING, LOST);
      case SWITCHING -> EnumSet.of(OPEN, LOST);
      case CLOSING -> EnumSet.of(CLOSED, LOST);
      case CLOSED, LOST -> EnumSet.noneOf(JournalState.class);
    };
  }

  /** Whether a journal may go from here to there. */
  boolean mayBecome(JournalState state) {
    return next().contains(state);
  }

  /** Whether this is an end. */
  boolean isFinal() {
    return next().isEmpty();
  }
}
