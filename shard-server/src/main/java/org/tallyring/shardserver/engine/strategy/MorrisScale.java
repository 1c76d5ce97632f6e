package org.tallyring.shardserver.engine.strategy;

/**
 * The arithmetic of Morris's approximate counter (R. Morris: Counting Large Numbers of Events in
 * Small Registers, CACM 21(10), 1978; analysed by P. Flajolet: Approximate Counting: A Detailed
 * Analysis, BIT 25, 1985). A counter holds an exponent {@code c}, which stands for the count {@code
 * (base^c - 1) / (base - 1)}, and an increment of 1 raises it with probability {@code base^-c}, so
 * that the expected count is the true one.
 *
 * <p>The relative standard error of a large count is {@code sqrt((base - 1) / 2)}, whatever the
 * count; smaller counts are nearer to the truth. Adding {@code n} at once goes to the exponent
 * below the exact sum and flips one coin for the rest: as free of bias, and with less error, than
 * {@code n} single steps.
 *
 * <p>An exponent has two bytes. That is why the base has a floor: at {@value #MIN_BASE} the largest
 * count is 10^12. StrictMath and not Math, because two machines must compute the same bits.
 */
public final class MorrisScale {

  /** The base when none is given: an error of 1.4 %, counts up to 6 * 10^14. */
  public static final double DEFAULT_BASE = 1.0004;

  /** The least base. */
  public static final double MIN_BASE = 1.0003;

  /** The largest base; 2 is the textbook's. */
  public static final double MAX_BASE = 16;

  /** The largest exponent; a counter stays there. */
  public static final int MAX_EXPONENT = Character.MAX_VALUE;

  private final double base;
  private final double logOfBase;

  /**
   * A scale.
   *
   * @param base {@value #MIN_BASE} to {@value #MAX_BASE}
   */
  public MorrisScale(double base) {
    if (!(base >= MIN_BASE && base <= MAX_BASE)) {
      throw new IllegalArgumentException(
          "base: " + base + " (expected: " + MIN_BASE + ".." + MAX_BASE + ")");
    }
    this.base = base;
    this.logOfBase = StrictMath.log(base);
  }

  /** The base. */
  public double base() {
    return base;
  }

  /** The relative standard error of a large count. */
  public double standardError() {
    return StrictMath.sqrt((base - 1) / 2);
  }

  /** The count that an exponent stands for, rounded; at most the largest 64-bit number. */
  public long count(int exponent) {
    return Math.round(value(exponent));
  }

  /**
   * The exponent after an increment.
   *
   * @param exponent the one before
   * @param delta how much is added; a negative one takes away, down to 0 at most
   * @param coin a number in {@code [0, 1)}
   */
  public char add(char exponent, long delta, double coin) {
    if (delta == 1) {
      boolean raised = exponent < MAX_EXPONENT && coin < StrictMath.exp(-exponent * logOfBase);
      return raised ? (char) (exponent + 1) : exponent;
    }
    return exponentOf(value(exponent) + delta, coin);
  }

  /** An exponent whose count is, over all coins, the one given on average. */
  private char exponentOf(double count, double coin) {
    if (!(count > 0)) {
      return 0;
    }
    int below = (int) Math.min(MAX_EXPONENT, StrictMath.log1p(count * (base - 1)) / logOfBase);
    // The logarithm may be off by a rounding error either way.
    while (below > 0 && value(below) > count) {
      below--;
    }
    while (below < MAX_EXPONENT && value(below + 1) <= count) {
      below++;
    }
    if (below == MAX_EXPONENT) {
      return MAX_EXPONENT;
    }
    double floor = value(below);
    boolean raised = coin < (count - floor) / (value(below + 1) - floor);
    return (char) (raised ? below + 1 : below);
  }

  private double value(int exponent) {
    return StrictMath.expm1(exponent * logOfBase) / (base - 1);
  }
}
