package org.tallyring.shardserver.engine;

import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * Ranks keys by how much more they are counted than before.
 *
 * <p>The score compares two Poisson counts seen over times of different lengths: {@code x} now and
 * {@code b} over the baseline, with {@code r} the elapsed time divided by the baseline's length:
 *
 * <pre>
 * z = 2 (sqrt(x + 3/8) - sqrt(r (b + 3/8))) / sqrt(1 + r)
 * </pre>
 *
 * The square root makes the variance of a Poisson count nearly the same whatever its mean, 1/4, and
 * 3/8 is the smoothing that does this best for small means (Anscombe 1948). So at equal rates
 * {@code z} is about standard normal, also for keys that are counted a few times only, where the
 * plain difference over the root of the mean is far too large: one event of a key without a past
 * has z = 2.3 and not infinity. It takes into account that the baseline is a sample too. It is the
 * method {@code sqrt} of {@code statsmodels.stats.rates.test_poisson_2indep}, which gives as its
 * source, as W5A: Gu, Ng, Tang and Schucany, Testing the Ratio of Two Poisson Rates, Biometrical
 * Journal 50 (2008). The transformation is that of Anscombe, Biometrika 35 (1948) 246-254.
 *
 * <p>Scores are rounded to millionths, and everything is ordered by the rounded number: additions,
 * divisions and square roots of doubles are exactly defined, so every shard gets the same.
 *
 * @param baseline the earlier time
 * @param elapsedMillis how much of the ranked interval has elapsed, at least 1
 * @param minCount keys with a lower count are left out, at least 1
 */
public record Growth(Interval baseline, long elapsedMillis, long minCount) {

  private static final double SMOOTHING = 3.0 / 8.0;
  private static final double MICROS = 1_000_000.0;

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if the baseline has no length or a number is below 1
   */
  public Growth {
    if (baseline.level() == WindowLevel.ALL || elapsedMillis < 1 || minCount < 1) {
      throw new IllegalArgumentException(
          "growth: "
              + baseline.level()
              + ", "
              + elapsedMillis
              + " ms elapsed, at least "
              + minCount
              + " (expected: a baseline with an end, and both at least 1)");
    }
  }

  /**
   * The same for numbers of users, which do not grow with the time elapsed: whoever comes every few
   * minutes is there from the beginning. So what has come of the interval is compared with whole
   * ones, as if all of it had elapsed. A key is found later by that, but never only because the
   * interval is young.
   */
  Growth ofUsers(Interval interval) {
    return new Growth(baseline, interval.endMillis() - interval.startMillis(), minCount);
  }

  /** The score in millionths; negative counts are taken for 0. */
  long scoreMicros(long count, long baselineCount) {
    double ratio = (double) elapsedMillis / (baseline.endMillis() - baseline.startMillis());
    double now = Math.sqrt(Math.max(0, count) + SMOOTHING);
    double before = Math.sqrt(ratio * (Math.max(0, baselineCount) + SMOOTHING));
    return Math.round(MICROS * 2 * (now - before) / Math.sqrt(1 + ratio));
  }
}
