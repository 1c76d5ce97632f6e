package org.tallyring.shardserver.journal;

import org.jspecify.annotations.Nullable;

/** The journal is not writable by this owner any more: another one fenced it, or a write failed. */
public final class JournalLostException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final boolean fenced;

  private JournalLostException(String message, @Nullable Throwable cause, boolean fenced) {
    super(message, cause);
    this.fenced = fenced;
  }

  /** A loss with what is known about it. */
  public JournalLostException(String message) {
    this(message, null, false);
  }

  /** A loss with its cause. */
  public JournalLostException(String message, Throwable cause) {
    this(message, cause, false);
  }

  /** The end that another epoch or the bookies' repair made. */
  static JournalLostException fenced(String message, @Nullable Throwable cause) {
    return new JournalLostException(message, cause, true);
  }

  /** Whether a failure comes from somebody else's having ended the journal. */
  public static boolean isFenced(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof JournalLostException lost) {
        return lost.isFenced();
      }
    }
    return false;
  }

  /** Whether somebody else ended the journal; otherwise a write failed. */
  public boolean isFenced() {
    return fenced;
  }
}
