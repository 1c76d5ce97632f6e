package org.tallyring.shardserver.controller;

import java.time.Duration;

/**
 * How patient a controller is with shards that are not there yet, and how careful with ranges.
 *
 * @param rejoinGrace how long after its own start a controller waits for shards that own ranges by
 *     the present assignment and are missing, before it gives their ranges away
 * @param expectedMembers how many shards a new cluster waits for before its first assignment, at
 *     most as long as the grace
 * @param movesAtOnce how many ranges may be on the move between live shards at any time
 */
public record ControllerSettings(Duration rejoinGrace, int expectedMembers, int movesAtOnce) {

  /** Longer than a shard takes to start when a whole cluster is started at once. */
  public static final Duration DEFAULT_REJOIN_GRACE = Duration.ofSeconds(3);

  /** So many that a shard is emptied in seconds, and so few that the others hardly feel it. */
  public static final int DEFAULT_MOVES_AT_ONCE = 8;

  /** Refuses a negative grace, an expectation of nobody, and a cluster in which nothing moves. */
  public ControllerSettings {
    if (rejoinGrace.isNegative()) {
      throw new IllegalArgumentException(
          "rejoinGrace: " + rejoinGrace + " (expected: 0 or longer)");
    }
    if (expectedMembers < 1) {
      throw new IllegalArgumentException(
          "expectedMembers: " + expectedMembers + " (expected: 1 or more)");
    }
    if (movesAtOnce < 1) {
      throw new IllegalArgumentException("movesAtOnce: " + movesAtOnce + " (expected: 1 or more)");
    }
  }

  /** The default grace, waiting for one shard. */
  public static ControllerSettings defaults() {
    return new ControllerSettings(DEFAULT_REJOIN_GRACE, 1, DEFAULT_MOVES_AT_ONCE);
  }
}
