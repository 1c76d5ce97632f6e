package org.tallyring.topology.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class BucketWidthTest {

  private static final long HOUR = 3_600_000;

  @Test
  void aMetricCanChooseWhatDividesAMinuteOrAnHour() {
    assertThat(LongStream.rangeClosed(-1, HOUR + 1).filter(BucketWidth::isChoice))
        .containsExactly(
            1_000L,
            2_000L,
            3_000L,
            4_000L,
            5_000L,
            6_000L,
            10_000L,
            12_000L,
            15_000L,
            20_000L,
            30_000L,
            60_000L,
            120_000L,
            180_000L,
            240_000L,
            300_000L,
            360_000L,
            600_000L,
            720_000L,
            900_000L,
            1_200_000L,
            1_800_000L,
            HOUR);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1_000, 7_000, 7_200_000, Long.MAX_VALUE, Long.MIN_VALUE})
  void whatDoesNotDivideAnHourIsNone(long millis) {
    assertThat(BucketWidth.isChoice(millis)).isFalse();
    assertThatIllegalArgumentException().isThrownBy(() -> new BucketWidth(millis));
  }

  @Property
  void finestBucketsLieWithinHours(
      @ForAll @LongRange(min = WindowLevel.MIN_TIME_MILLIS, max = WindowLevel.MAX_TIME_MILLIS)
          long time,
      @ForAll @LongRange(min = 1, max = HOUR) long millis) {
    if (!BucketWidth.isChoice(millis / 1_000 * 1_000)) {
      return;
    }
    BucketWidth width = new BucketWidth(millis / 1_000 * 1_000);
    long start = width.start(WindowLevel.MINUTE, time);
    long end = width.end(WindowLevel.MINUTE, start);

    assertThat(start).isLessThanOrEqualTo(time);
    assertThat(end).isGreaterThan(time);
    assertThat(WindowLevel.HOUR.start(end - 1)).isEqualTo(WindowLevel.HOUR.start(start));
    assertThat(width.start(WindowLevel.DAY, time)).isEqualTo(WindowLevel.DAY.start(time));
  }

  @ParameterizedTest
  @CsvSource({"4000, 6000, 12000", "10000, 60000, 60000", "1, 900000, 900000"})
  void theCommonWidthIsTheLeastThatBothDivide(long one, long other, long common) {
    assertThat(new BucketWidth(one).common(new BucketWidth(other)))
        .isEqualTo(new BucketWidth(other).common(new BucketWidth(one)))
        .isEqualTo(new BucketWidth(common));
  }

  @ParameterizedTest
  @CsvSource({"1, 1ms", "1000, 1s", "90000, 90s", "60000, 1m", "3600000, 1h"})
  void itIsWrittenAsPeopleDo(long millis, String text) {
    assertThat(new BucketWidth(millis)).hasToString(text);
  }
}
