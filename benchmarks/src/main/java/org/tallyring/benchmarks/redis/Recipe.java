package org.tallyring.benchmarks.redis;

import java.util.List;

/** How an increment is counted in Redis: in one sorted set for each window. */
enum Recipe {
  /** A {@code ZINCRBY} for each window. A repeat counts again. */
  SORTED_SETS,
  /**
   * A script that sets a key for the event, with a time to live, and does the same if it was not
   * there. A repeat within that time counts once.
   */
  IDEMPOTENT;

  /** The hour, the day, the month and all time. */
  static final List<String> SETS =
      List.of("hits:hour:2026-01-01T00", "hits:day:2026-01-01", "hits:month:2026-01", "hits:all");

  /** As long as Tallyring knows an event by default, in seconds. */
  static final String EVENT_LIFE = "3600";

  static final String SCRIPT =
      """
      if redis.call('SET', KEYS[5], '1', 'NX', 'EX', ARGV[2]) then
        redis.call('ZINCRBY', KEYS[1], 1, ARGV[1])
        redis.call('ZINCRBY', KEYS[2], 1, ARGV[1])
        redis.call('ZINCRBY', KEYS[3], 1, ARGV[1])
        redis.call('ZINCRBY', KEYS[4], 1, ARGV[1])
        return 1
      end
      return 0
      """;

  /** How many replies an increment has. */
  int replies() {
    return this == SORTED_SETS ? SETS.size() : 1;
  }
}
