package org.tallyring.shardserver.engine;

/** A score that does not fit in 64 bits of millionths: there is no right order to answer with. */
public final class ScoreOverflowException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  ScoreOverflowException() {
    super("score: beyond 64 bits of millionths (expected: smaller weights)");
  }
}
