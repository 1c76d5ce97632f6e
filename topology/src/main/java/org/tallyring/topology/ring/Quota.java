package org.tallyring.topology.ring;

/**
 * How many of a cluster's ranges a shard should own.
 *
 * <p>Its share is {@code rangeCount * weight / totalWeight}, seldom a whole number. All comparisons
 * with it are made in whole numbers, so that every process comes to the same result.
 *
 * @param rangeCount how many ranges the cluster has
 * @param weight the shard's weight
 * @param totalWeight the sum of all shards' weights
 */
public record Quota(long rangeCount, long weight, long totalWeight) {

  /** How much of its share a shard may own at most, in percent. */
  public static final int BOUND_PERCENT = 110;

  /** The share, rounded down: no shard stays below it while another is above its own share. */
  public int least() {
    return Math.toIntExact(rangeCount * weight / totalWeight);
  }

  /** The share, rounded up: up to here a shard takes ranges. */
  public int most() {
    return Math.toIntExact(ceilDiv(rangeCount * weight, totalWeight));
  }

  /** The share and a tenth, rounded up: above it a shard gives ranges away. */
  public int bound() {
    return Math.toIntExact(ceilDiv(rangeCount * weight * BOUND_PERCENT, totalWeight * 100));
  }

  /**
   * By how much a number of ranges exceeds the share, in units of {@code 1 / totalWeight} ranges;
   * negative if it falls short. The sum over all shards is 0 when every range has an owner.
   */
  public long excess(int ranges) {
    return ranges * totalWeight - rangeCount * weight;
  }

  private static long ceilDiv(long dividend, long divisor) {
    return (dividend + divisor - 1) / divisor;
  }
}
