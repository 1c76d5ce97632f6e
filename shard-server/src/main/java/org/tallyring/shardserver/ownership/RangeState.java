package org.tallyring.shardserver.ownership;

import java.util.EnumSet;
import java.util.Set;

/** What a shard may do with a range that it holds. */
public enum RangeState {
  /** The journal is being fenced and replayed; the range answers nothing yet. */
  RECOVERING,
  /** The range takes increments and answers reads. */
  SERVING,
  /** The range takes nothing new and finishes what is in flight, because it goes elsewhere. */
  RELEASING,
  /**
   * The journal refused an append or an open, or the engine failed: whatever was in flight is in
   * doubt.
   */
  LOST,
  /** The shard has nothing to do with the range any more; a new tenure begins anew. */
  RELEASED;

  /** The states that may follow this one. */
  Set<RangeState> next() {
    return switch (this) {
      case RECOVERING -> EnumSet.of(SERVING, LOST, RELEASED);
      case SERVING -> EnumSet.of(RELEASING, LOST);
      case RELEASING -> EnumSet.of(RELEASED, LOST);
      case LOST -> EnumSet.of(RELEASED);
      case RELEASED -> EnumSet.noneOf(RangeState.class);
    };
  }

  /**
   * This state, left for another.
   *
   * @throws IllegalStateException if that is not a legal move
   */
  RangeState to(RangeState target) {
    if (!next().contains(target)) {
      throw new IllegalStateException(
          "range state: " + this + " to " + target + " (expected: one of " + next() + ")");
    }
    return target;
  }
}
