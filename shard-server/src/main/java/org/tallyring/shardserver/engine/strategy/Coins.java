package org.tallyring.shardserver.engine.strategy;

/**
 * Coin flips that replay repeats: the flip is a hash of what identifies the increment in the
 * journal, never of a random source. Two engines that applied the same entries flipped alike.
 *
 * <p>The hash is the finaliser of SplittableRandom (Steele, Lea, Flood: Fast Splittable
 * Pseudorandom Number Generators, OOPSLA 2014; its constants are Stafford's variant 13), which
 * turns consecutive numbers into numbers without visible relation.
 */
public final class Coins {

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private Coins() {}

  /**
   * A number in {@code [0, 1)}, evenly spread over the increments.
   *
   * @param increment identifies an increment within its range: how many were applied before it
   * @param salt tells counters apart that the same increment reaches
   */
  public static double flip(long increment, long salt) {
    long bits = mix(mix(increment * GOLDEN + GOLDEN) + salt * GOLDEN);
    return (bits >>> 11) * 0x1.0p-53;
  }

  private static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
