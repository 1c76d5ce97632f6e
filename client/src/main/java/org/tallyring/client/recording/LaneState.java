package org.tallyring.client.recording;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** What a lane is doing. */
enum LaneState {
  /** Batches are sent as they come, as many at a time as are allowed. */
  FLOWING,
  /** A batch was refused: nothing is sent until every batch on its way has been answered. */
  DRAINING,
  /**
   * Nothing is on its way; a delay has to end or the topology to change before batches are sent.
   */
  WAITING,
  /** Nothing is sent any more. */
  CLOSED;

  private static final Map<LaneState, Set<LaneState>> MOVES = new EnumMap<>(LaneState.class);

  static {
    MOVES.put(FLOWING, EnumSet.of(DRAINING, WAITING, CLOSED));
    MOVES.put(DRAINING, EnumSet.of(FLOWING, WAITING, CLOSED));
    MOVES.put(WAITING, EnumSet.of(FLOWING, CLOSED));
    MOVES.put(CLOSED, EnumSet.noneOf(LaneState.class));
  }

  /** Whether a lane may go from this state to {@code next}. */
  boolean canBecome(LaneState next) {
    return MOVES.getOrDefault(this, Set.of()).contains(next);
  }

  /**
   * The next state.
   *
   * @throws IllegalStateException if a lane may not go there from here
   */
  LaneState become(LaneState next) {
    if (!canBecome(next)) {
      throw new IllegalStateException(
          "lane: " + this + " to " + next + " (expected: " + MOVES.get(this) + ")");
    }
    return next;
  }
}
