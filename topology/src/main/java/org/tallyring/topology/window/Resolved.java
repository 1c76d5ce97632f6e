package org.tallyring.topology.window;

/**
 * The buckets that a question is about.
 *
 * @param interval whole buckets
 * @param isSpan whether a sliding span was asked for, not a tumbling window
 * @param state where in their life the buckets are
 */
public record Resolved(Interval interval, boolean isSpan, State state) {

  /** Where in their life buckets are, by the clock of the one who resolves. */
  public enum State {
    /** One window that contains the present moment, or all time: the shards publish it. */
    OPEN,
    /** The lateness of the last one is not over, or it has not begun: its counts still grow. */
    CHANGING,
    /** The lateness of the last one is over: only late corrections change the counts. */
    FINAL
  }

  /** Whether the lateness of all buckets is over. */
  public boolean isFinal() {
    return state == State.FINAL;
  }
}
