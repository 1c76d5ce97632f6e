package org.tallyring.topology.planning;

import java.util.Arrays;

/**
 * How heavy each range of a cluster is. Immutable.
 *
 * <p>What makes a range heavy is its share of the cluster's increments and its share of the bytes
 * that the cluster holds, one counting as much as the other: the first takes processors, the second
 * memory. Of a cluster that hardly counts, or hardly holds anything, that part counts for nothing,
 * so that no range moves for a difference that nobody feels.
 */
public final class RangeLoads {

  /** Below so many increments a second over all ranges, rates count for nothing. */
  static final long LEAST_RATE = 1_000;

  /** Below so many bytes over all ranges, bytes count for nothing. */
  static final long LEAST_BYTES = 64L << 20;

  /** All of the cluster's increments, or all of its bytes. */
  private static final double WHOLE = 1_000_000;

  private final long[] costs;

  private RangeLoads(long[] costs) {
    this.costs = costs;
  }

  /**
   * The loads that were measured.
   *
   * @param incrementsPerSecond the rate of each range, by id
   * @param bytes what each range holds, by id
   * @throws IllegalArgumentException if the numbers of ranges differ
   */
  public static RangeLoads of(long[] incrementsPerSecond, long[] bytes) {
    if (incrementsPerSecond.length != bytes.length) {
      throw new IllegalArgumentException(
          "bytes: " + bytes.length + " ranges (expected: " + incrementsPerSecond.length + ")");
    }
    long[] costs = new long[bytes.length];
    addShares(incrementsPerSecond, LEAST_RATE, costs);
    addShares(bytes, LEAST_BYTES, costs);
    return new RangeLoads(costs);
  }

  private static void addShares(long[] amounts, long least, long[] costs) {
    long total = Arrays.stream(amounts).sum();
    if (total >= least) {
      for (int range = 0; range < amounts.length; range++) {
        costs[range] += (long) (WHOLE * amounts[range] / total);
      }
    }
  }

  /** How many ranges were measured. */
  int rangeCount() {
    return costs.length;
  }

  /** What a range costs, in millionths of the cluster's increments and of its bytes. */
  long costOf(int range) {
    return costs[range];
  }
}
