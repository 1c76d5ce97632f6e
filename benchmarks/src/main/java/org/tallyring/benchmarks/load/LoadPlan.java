package org.tallyring.benchmarks.load;

import java.time.Duration;

/**
 * How much of what is sent.
 *
 * @param rate increments a second, open loop; 0 is as fast as it takes
 * @param warmUp how long to send before measuring
 * @param length how long to measure
 * @param keys how many different keys, 1 to {@value #MAX_KEYS}
 * @param skew Zipf's exponent, 0 to {@value #MAX_SKEW}; 0 chooses all keys alike
 * @param metrics among how many metrics increments take turns
 * @param threads how many threads send
 * @param fill whether every key is counted once in every metric beforehand
 * @param sampling of how many increments one has its latency noted
 */
public record LoadPlan(
    double rate,
    Duration warmUp,
    Duration length,
    int keys,
    double skew,
    int metrics,
    int threads,
    boolean fill,
    int sampling) {

  private static final int MAX_KEYS = 20_000_000;
  private static final int MAX_SKEW = 4;
  private static final int MAX_THREADS = 256;
  private static final double MAX_RATE = 1e9;

  /** Checks the bounds. */
  public LoadPlan {
    require(rate >= 0 && rate <= MAX_RATE, "rate: " + rate + " (expected: 0 to 1000000000)");
    require(
        length.compareTo(Duration.ofSeconds(1)) >= 0,
        "seconds: " + length.toSeconds() + " (expected: at least 1)");
    require(!warmUp.isNegative(), "warm-up: " + warmUp.toSeconds() + " (expected: at least 0)");
    require(keys >= 1 && keys <= MAX_KEYS, "keys: " + keys + " (expected: 1 to " + MAX_KEYS + ")");
    require(skew >= 0 && skew <= MAX_SKEW, "skew: " + skew + " (expected: 0 to " + MAX_SKEW + ")");
    require(metrics >= 1, "metrics: none (expected: at least one)");
    require(
        threads >= 1 && threads <= MAX_THREADS,
        "threads: " + threads + " (expected: 1 to " + MAX_THREADS + ")");
    require(sampling >= 1, "sampling: " + sampling + " (expected: at least 1)");
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
