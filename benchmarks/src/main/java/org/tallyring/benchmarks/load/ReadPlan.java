package org.tallyring.benchmarks.load;

/**
 * How rankings are read beside the writing.
 *
 * @param readers how many threads read; 0 for none
 * @param rate readings a second of all of them, open loop; 0 is as fast as it takes
 * @param k how many rows a ranking has
 */
public record ReadPlan(int readers, double rate, int k) {

  private static final int MAX_READERS = 256;
  private static final int MAX_K = 1_000;

  /** Checks the bounds. */
  public ReadPlan {
    if (readers < 0 || readers > MAX_READERS) {
      throw new IllegalArgumentException(
          "readers: " + readers + " (expected: 0 to " + MAX_READERS + ")");
    }
    if (!(rate >= 0)) {
      throw new IllegalArgumentException("read-rate: " + rate + " (expected: at least 0)");
    }
    if (k < 1 || k > MAX_K) {
      throw new IllegalArgumentException("k: " + k + " (expected: 1 to " + MAX_K + ")");
    }
  }
}
