package org.tallyring.topology.assignment;

import java.util.EnumSet;
import java.util.Set;

/** How a shard stands in its cluster. */
public enum MemberState {
  /** It has registered, and has not served a share of the ranges yet. */
  JOINING,
  /** It serves its share of the ranges. */
  ACTIVE,
  /** It hands its ranges on and is given none, because somebody wants to stop it. */
  DRAINING,
  /** It was drained and has gone; nothing waits for it. */
  LEFT,
  /** It has gone with ranges in its name; they go to others. */
  DEAD;

  /** The states that may follow this one. */
  public Set<MemberState> next() {
    return switch (this) {
      case JOINING -> EnumSet.of(ACTIVE, DRAINING, LEFT, DEAD);
      case ACTIVE -> EnumSet.of(DRAINING, LEFT, DEAD);
      case DRAINING -> EnumSet.of(LEFT, DEAD);
      case LEFT, DEAD -> EnumSet.of(JOINING);
    };
  }

  /**
   * This state, left for another.
   *
   * @throws IllegalStateException if that is not a legal move
   */
  public MemberState to(MemberState target) {
    if (!next().contains(target)) {
      throw new IllegalStateException(
          "member state: " + this + " to " + target + " (expected: one of " + next() + ")");
    }
    return target;
  }
}
