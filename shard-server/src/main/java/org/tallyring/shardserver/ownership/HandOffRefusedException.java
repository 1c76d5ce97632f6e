package org.tallyring.shardserver.ownership;

/** A shard goes on serving a range that another one asked for; it may be asked again. */
public final class HandOffRefusedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** A refusal with its reason. */
  public HandOffRefusedException(String message) {
    super(message);
  }
}
