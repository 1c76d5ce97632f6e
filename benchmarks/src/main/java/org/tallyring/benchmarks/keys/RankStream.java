package org.tallyring.benchmarks.keys;

import java.util.Random;

/**
 * Ranks chosen beforehand, so that choosing costs the one who sends them a read of an array. The
 * same for the same arguments. Immutable, thread-safe.
 */
public final class RankStream {

  private static final int LENGTH = 1 << 22;

  private final int[] ranks = new int[LENGTH];

  /**
   * Four million ranks.
   *
   * @param keys how many there are to choose from
   * @param skew Zipf's exponent; 0 chooses all alike
   */
  public RankStream(int keys, double skew, long seed) {
    ZipfKeys zipf = new ZipfKeys(keys, skew);
    Random random = new Random(seed);
    for (int i = 0; i < LENGTH; i++) {
      ranks[i] = zipf.choose(random);
    }
  }

  /** The rank at a place; the stream begins again at its end. */
  public int at(long place) {
    return ranks[(int) place & (LENGTH - 1)];
  }

  /** Where the {@code number}-th of {@code of} equal parts begins. */
  public static long partStart(int number, int of) {
    return (long) LENGTH * number / of;
  }
}
