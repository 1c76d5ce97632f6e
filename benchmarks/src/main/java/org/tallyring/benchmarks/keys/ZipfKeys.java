package org.tallyring.benchmarks.keys;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;

/**
 * Keys of 16 hexadecimal digits, of which the one of rank r is chosen with a probability
 * proportional to {@code 1 / (r + 1)^skew}. Immutable.
 */
public final class ZipfKeys {

  /** Odd, so that multiplying by it is a bijection and digits look random. */
  private static final long FACTOR = 0x9E3779B97F4A7C15L;

  /** {@code FACTOR * INVERSE == 1} in 64 bits. */
  private static final long INVERSE = 0xF1DE83E19937733DL;

  private final double[] cumulative;

  /**
   * The law over so many keys.
   *
   * @param skew the exponent; 0 chooses all alike
   */
  public ZipfKeys(int keys, double skew) {
    cumulative = new double[keys];
    double sum = 0;
    for (int rank = 0; rank < keys; rank++) {
      sum += Math.pow(rank + 1, -skew);
      cumulative[rank] = sum;
    }
  }

  /** Chooses a rank, from 0 for the key chosen most often. */
  public int choose(Random random) {
    int last = cumulative.length - 1;
    int found = Arrays.binarySearch(cumulative, random.nextDouble() * cumulative[last]);
    return Math.min(last, found < 0 ? -found - 1 : found);
  }

  /** The key of a rank. */
  public static String key(long rank) {
    return HexFormat.of().toHexDigits(rank * FACTOR);
  }

  /** The rank of a key that {@link #key} made. */
  public static int rankOf(String key) {
    return (int) (HexFormat.fromHexDigitsToLong(key) * INVERSE);
  }
}
