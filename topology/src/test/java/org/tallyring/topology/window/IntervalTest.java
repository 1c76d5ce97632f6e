package org.tallyring.topology.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class IntervalTest {

  private static long millis(String time) {
    return Instant.parse(time).toEpochMilli();
  }

  @ParameterizedTest
  @CsvSource({
    "MINUTE, 1969-12-31T23:59:00Z, 1970-01-02T00:00:00Z, 1441",
    "HOUR, 2024-02-28T23:00:00Z, 2024-03-01T00:00:00Z, 25",
    "DAY, 2024-02-28T00:00:00Z, 2024-03-01T00:00:00Z, 2",
    "MONTH, 2023-12-01T00:00:00Z, 2025-01-01T00:00:00Z, 13",
  })
  void theSizeIsTheNumberOfBuckets(WindowLevel level, String start, String end, int size) {
    assertThat(new Interval(level, millis(start), millis(end)).size()).isEqualTo(size);
  }

  @Test
  void allTimeIsOneBucket() {
    assertThat(Interval.window(WindowLevel.ALL, 0).size()).isEqualTo(1);
  }

  @Test
  void tooManyBucketsToNumberAreAnError() {
    Interval minutes =
        new Interval(WindowLevel.MINUTE, WindowLevel.MIN_TIME_MILLIS, WindowLevel.MAX_TIME_MILLIS);

    assertThatThrownBy(minutes::size).isInstanceOf(ArithmeticException.class);
  }

  @Test
  void edgesThatAreNotEdgesOfBucketsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Interval(WindowLevel.HOUR, 0, 60_000));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Interval(WindowLevel.HOUR, 1, 3_600_000));
    assertThatIllegalArgumentException().isThrownBy(() -> new Interval(WindowLevel.HOUR, 0, 0));
  }
}
