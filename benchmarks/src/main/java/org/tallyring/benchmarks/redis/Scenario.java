package org.tallyring.benchmarks.redis;

import org.tallyring.benchmarks.redis.RedisServer.Fsync;

/** What is compared: the way in to Tallyring, and what Redis does beside it. */
enum Scenario {
  /** Streams of the client library; pipelined ZINCRBYs, of which the last second can be lost. */
  PIPELINED_EVERYSEC(Recipe.SORTED_SETS, Fsync.EVERYSEC, false),
  /** Streams of the client library; pipelined ZINCRBYs, on disk before the acknowledgement. */
  PIPELINED_ALWAYS(Recipe.SORTED_SETS, Fsync.ALWAYS, false),
  /** The same with a script that counts an event once, as sessions do in Tallyring. */
  IDEMPOTENT_ALWAYS(Recipe.IDEMPOTENT, Fsync.ALWAYS, false),
  /** One increment a call, one call under way on each connection. */
  UNARY_EVERYSEC(Recipe.SORTED_SETS, Fsync.EVERYSEC, true),
  /** The same, on disk before the acknowledgement. */
  UNARY_ALWAYS(Recipe.SORTED_SETS, Fsync.ALWAYS, true);

  private final Recipe recipe;
  private final Fsync fsync;
  private final boolean unary;

  Scenario(Recipe recipe, Fsync fsync, boolean unary) {
    this.recipe = recipe;
    this.fsync = fsync;
    this.unary = unary;
  }

  Recipe recipe() {
    return recipe;
  }

  Fsync fsync() {
    return fsync;
  }

  /** Whether an increment is a call of its own. */
  boolean isUnary() {
    return unary;
  }
}
