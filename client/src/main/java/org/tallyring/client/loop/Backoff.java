package org.tallyring.client.loop;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: doubling from a first delay to a longest one, each wait
 * drawn between half of that and the whole.
 *
 * <p>The draw keeps clients that lost the same server at the same moment from coming back at the
 * same moment. Half is always waited, so that attempts are never closer than that. Not thread-safe.
 */
public final class Backoff {

  private final long firstNanos;
  private final long longestNanos;
  private final RandomGenerator random;
  private long nextNanos;

  /** Waits that grow from {@code first} to {@code longest}. */
  public Backoff(Duration first, Duration longest, RandomGenerator random) {
    firstNanos = first.toNanos();
    longestNanos = longest.toNanos();
    if (firstNanos < 2 || longestNanos < firstNanos) {
      throw new IllegalArgumentException(
          "first: " + first + " (expected: positive and at most " + longest + ")");
    }
    this.random = random;
    nextNanos = firstNanos;
  }

  /** The next wait. */
  public Duration next() {
    long limit = nextNanos;
    nextNanos = limit > longestNanos / 2 ? longestNanos : limit * 2;
    return Duration.ofNanos(limit / 2 + random.nextLong(limit - limit / 2 + 1));
  }

  /** Begins again with the first delay, after a success. */
  public void reset() {
    nextNanos = firstNanos;
  }
}
