package org.tallyring.shardserver.engine.strategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MorrisScaleTest {

  private static final int COUNTERS = 2000;

  @ParameterizedTest
  @ValueSource(doubles = {MorrisScale.DEFAULT_BASE, 1.02, 1.2, 2})
  void theErrorOfSingleStepsIsTheStandardErrorAndWithoutBias(double base) {
    MorrisScale scale = new MorrisScale(base);
    int steps = 3000;
    double sum = 0;
    double squares = 0;
    for (int counter = 0; counter < COUNTERS; counter++) {
      char exponent = 0;
      for (int step = 0; step < steps; step++) {
        exponent = scale.add(exponent, 1, Coins.flip((long) counter * steps + step, 5));
      }
      double error = scale.count(exponent) / (double) steps - 1;
      sum += error;
      squares += error * error;
    }
    double bias = sum / COUNTERS;
    double rms = Math.sqrt(squares / COUNTERS);
    System.out.printf(
        "morris base %s: bias %.5f, rms %.5f, stated %.5f%n",
        base, bias, rms, scale.standardError());
    // Four standard deviations of the mean; the variance of a variance is larger with base 2.
    assertThat(bias).isCloseTo(0, within(4 * scale.standardError() / Math.sqrt(COUNTERS)));
    assertThat(rms).isBetween(0.3 * scale.standardError(), 1.2 * scale.standardError());
  }

  @ParameterizedTest
  @ValueSource(doubles = {MorrisScale.DEFAULT_BASE, 1.2, 2, 16})
  void addingMuchAtOnceHasNoBias(double base) {
    MorrisScale scale = new MorrisScale(base);
    double sum = 0;
    for (int counter = 0; counter < COUNTERS; counter++) {
      char exponent = scale.add((char) 0, 1000, Coins.flip(counter, 1));
      exponent = scale.add(exponent, 234, Coins.flip(counter, 2));
      sum += scale.count(exponent);
    }
    // The step of the scale at 1234 bounds how far one counter can be off.
    double step = 1234 * (base - 1) + 1;
    assertThat(sum / COUNTERS).isCloseTo(1234, within(5 * step / Math.sqrt(COUNTERS) + 0.5));
  }

  @Test
  void smallCountsAreNearlyExactAtTheDefaultBase() {
    MorrisScale scale = new MorrisScale(MorrisScale.DEFAULT_BASE);
    char exponent = 0;
    for (int i = 0; i < 10; i++) {
      exponent = scale.add(exponent, 1, Coins.flip(i, 0));
    }
    assertThat(scale.count(exponent)).isBetween(9L, 10L);
    assertThat(scale.count(1)).isEqualTo(1);
  }

  @Test
  void baseTwoIsTheTextbookCounter() {
    MorrisScale scale = new MorrisScale(2);
    assertThat(scale.count(10)).isEqualTo(1023);
    assertThat(scale.add((char) 3, 1, 0.124)).isEqualTo((char) 4);
    assertThat(scale.add((char) 3, 1, 0.126)).isEqualTo((char) 3);
  }

  @Test
  void countersStayAtTheirEndsInsteadOfWrappingAround() {
    MorrisScale scale = new MorrisScale(MorrisScale.DEFAULT_BASE);
    assertThat(scale.add((char) MorrisScale.MAX_EXPONENT, Long.MAX_VALUE, 0))
        .isEqualTo((char) MorrisScale.MAX_EXPONENT);
    assertThat(scale.add((char) MorrisScale.MAX_EXPONENT, 1, 0))
        .isEqualTo((char) MorrisScale.MAX_EXPONENT);
    assertThat(scale.add((char) 5, -100, 0)).isEqualTo((char) 0);
    assertThat(new MorrisScale(16).count(100)).isEqualTo(Long.MAX_VALUE);
    assertThat(new MorrisScale(MorrisScale.MIN_BASE).count(MorrisScale.MAX_EXPONENT))
        .isGreaterThan(1_000_000_000_000L);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 0.5, 0, -2, 1.0002999, 16.1, Double.NaN, Double.POSITIVE_INFINITY})
  void basesOutOfBoundsAreRefused(double base) {
    assertThatIllegalArgumentException().isThrownBy(() -> new MorrisScale(base));
  }

  @Test
  void coinsAreEvenAndDifferByIncrementAndSalt() {
    double sum = 0;
    double products = 0;
    for (int i = 0; i < 100_000; i++) {
      double coin = Coins.flip(i, 1);
      sum += coin;
      products +=
          (coin - 0.5) * (Coins.flip(i, 2) - 0.5) + (coin - 0.5) * (Coins.flip(i + 1, 1) - 0.5);
    }
    assertThat(sum / 100_000).isCloseTo(0.5, within(0.005));
    assertThat(products / 100_000).isCloseTo(0, within(0.005));
  }
}
