package org.tallyring.shardserver.journal;

/** The journal is not writable by this owner any more: another one fenced it, or a write failed. */
public final class JournalLostException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** A loss with what is known about it. */
  public JournalLostException(String message) {
    super(message);
  }

  /** A loss with its cause. */
  public JournalLostException(String message, Throwable cause) {
    super(message, cause);
  }
}
