package org.tallyring.shardserver.coordination;

/** A compare-and-set named a version that is not the stored one. Read again, decide again. */
public final class ConflictException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** A conflict at a path or name. */
  public ConflictException(String what) {
    super(what);
  }
}
