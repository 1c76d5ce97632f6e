package org.tallyring.systemtests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class WriteGapsTest {

  private static final long MS = 1_000_000;

  private final WriteGaps gaps = new WriteGaps(2);

  @Test
  void aGapIsTheTimeBetweenTwoAnswersWhileAWriteWaits() {
    gaps.acknowledged(0, 0, 10 * MS);
    gaps.acknowledged(0, 5 * MS, 3_010 * MS);

    assertThat(gaps.takeWorst().millis()).isEqualTo(3_000);
  }

  @Test
  void aRangeThatNobodyWritesToHasNoGap() {
    gaps.acknowledged(0, 0, 10 * MS);
    gaps.acknowledged(0, 60_000 * MS, 60_007 * MS);

    assertThat(gaps.takeWorst().millis()).isEqualTo(10);
  }

  @Test
  void answersOfOtherRangesEndNoGap() {
    gaps.acknowledged(0, 0, MS);
    gaps.acknowledged(1, 0, 2 * MS);
    gaps.acknowledged(1, 2 * MS, 100 * MS);
    gaps.acknowledged(0, 2 * MS, 201 * MS);

    assertThat(gaps.takeWorst().millis()).isEqualTo(199);
  }

  @Test
  void takingTheWorstBeginsAnew() {
    gaps.acknowledged(0, 0, 10 * MS);
    gaps.takeWorst();
    gaps.acknowledged(0, 10 * MS, 11 * MS);

    assertThat(gaps.takeWorst().millis()).isEqualTo(1);
  }

  @Test
  void aGapSaysWhichRangeAndWhen() {
    gaps.acknowledged(0, 0, 10 * MS);
    gaps.acknowledged(1, 5 * MS, 3_010 * MS);

    assertThat(gaps.takeWorst().since(100 * MS))
        .isEqualTo("3005 ms (range 1, from -95 to 2910 ms)");
  }

  @Test
  void aRangeThatHasNotAnsweredSinceIsSilent() {
    gaps.acknowledged(0, 0, 10 * MS);
    assertThat(gaps.silentSince(5 * MS)).containsExactly(1);
    assertThat(gaps.allAnsweredAfter(5 * MS)).isFalse();

    gaps.acknowledged(1, 0, 11 * MS);
    assertThat(gaps.allAnsweredAfter(5 * MS)).isTrue();
  }
}
