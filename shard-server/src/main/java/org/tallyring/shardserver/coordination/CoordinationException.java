package org.tallyring.shardserver.coordination;

/**
 * The coordination service could not be reached, or its answer was lost on the way. A change that
 * fails so may or may not have taken effect: read again to know.
 */
public final class CoordinationException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** A failure with what was being done. */
  public CoordinationException(String message) {
    super(message);
  }

  /** A failure with what was being done and its cause. */
  public CoordinationException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Wraps what a blocking call threw; a thread that was interrupted stays interrupted. */
  static CoordinationException of(String message, Exception cause) {
    if (cause instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    return new CoordinationException(message, cause);
  }
}
