package org.tallyring.shardserver.ownership;

import java.util.EnumSet;
import java.util.Set;

/** What a shard may do with a range. A tenure begins as following or as recovering. */
public enum RangeState {
  /** Another shard serves the range, and its journal is replayed here without disturbing it. */
  FOLLOWING,
  /** The journal is being fenced and replayed; the range answers nothing yet. */
  RECOVERING,
  /** The range takes increments and answers reads. */
  SERVING,
  /** The range takes nothing new and finishes what is in flight, because it goes elsewhere. */
  HANDING_OFF,
  /**
   * The journal was ended by somebody else, as a rule a newer owner: whatever was in flight is in
   * doubt, and what the range is now is for the next view to say.
   */
  FENCED,
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
      case FOLLOWING -> EnumSet.of(RECOVERING, LOST, RELEASED);
      case RECOVERING -> EnumSet.of(SERVING, FENCED, LOST, RELEASED);
      case SERVING -> EnumSet.of(HANDING_OFF, FENCED, LOST);
      case HANDING_OFF -> EnumSet.of(RELEASED, FENCED, LOST);
      case FENCED, LOST -> EnumSet.of(RELEASED);
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
