package org.tallyring.topology.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SeriesPeriodTest {

  @ParameterizedTest
  @CsvSource({
    "HOUR, 2026-01-15T09:59:59Z, 2026-01-15T10:00:01Z, 2026-01-15T09:00:00Z, 2026-01-15T11:00:00Z",
    "HOUR, 2026-01-15T09:00:00Z, 2026-01-15T10:00:00Z, 2026-01-15T09:00:00Z, 2026-01-15T10:00:00Z",
    "MONTH, 2024-02-29T00:00:00Z, 2024-03-01T00:00:00.001Z, 2024-02-01T00:00:00Z, 2024-04-01T00:00:00Z",
  })
  void aSeriesHasTheBucketsThatThePeriodTouches(
      WindowLevel step, Instant start, Instant end, Instant first, Instant last) {
    assertThat(SeriesPeriod.of(step, BucketWidth.MINUTE, start.toEpochMilli(), end.toEpochMilli()))
        .isEqualTo(new Interval(step, first.toEpochMilli(), last.toEpochMilli()));
  }

  @Test
  void tenThousandPointsAreTheMost() {
    SeriesPeriod.of(WindowLevel.MINUTE, BucketWidth.MINUTE, 0, 600_000_000);
    assertThatThrownBy(
            () -> SeriesPeriod.of(WindowLevel.MINUTE, BucketWidth.MINUTE, 0, 600_000_001))
        .hasMessage(
            "start_time: 1970-01-01T00:00:00Z (expected: at most 10000 minutes before end_time,"
                + " 1970-01-07T22:40:00.001Z)");
    assertThatThrownBy(
            () ->
                SeriesPeriod.of(
                    WindowLevel.MINUTE,
                    BucketWidth.MINUTE,
                    WindowLevel.MIN_TIME_MILLIS,
                    WindowLevel.MAX_TIME_MILLIS - 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aSeriesByTheMetricsOwnBucketsHasTheirLength() {
    Interval period = SeriesPeriod.of(WindowLevel.MINUTE, new BucketWidth(10_000), 5_000, 40_001);

    assertThat(period)
        .isEqualTo(new Interval(WindowLevel.MINUTE, new BucketWidth(10_000), 0, 50_000));
    assertThat(period.size()).isEqualTo(5);
    assertThatThrownBy(
            () -> SeriesPeriod.of(WindowLevel.MINUTE, BucketWidth.MILLISECOND, 0, 10_001))
        .hasMessageContaining("at most 10000 buckets of 1ms before end_time");
  }

  @Test
  void aPeriodThatCannotBeIsRefused() {
    assertThatThrownBy(() -> SeriesPeriod.of(WindowLevel.HOUR, BucketWidth.MINUTE, 5, 5))
        .hasMessage(
            "start_time: 1970-01-01T00:00:00.005Z (expected: before end_time,"
                + " 1970-01-01T00:00:00.005Z)");
    assertThatThrownBy(() -> SeriesPeriod.of(WindowLevel.ALL, BucketWidth.MINUTE, 0, 5))
        .hasMessage("step: all (expected: bucket, minute, hour, day or month)");
    assertThatThrownBy(
            () -> SeriesPeriod.of(WindowLevel.HOUR, BucketWidth.MINUTE, 0, Long.MAX_VALUE))
        .hasMessage("end_time: 9223372036854775807 ms (expected: in the years 1 to 9999)");
  }

  @Test
  void whatIsNotKeptIsCutOff() {
    Interval period = SeriesPeriod.of(WindowLevel.HOUR, BucketWidth.MINUTE, 0, 10 * 3_600_000);
    KeptBuckets kept = KeptBuckets.EVERYTHING.butOf(WindowLevel.HOUR, 9 * 3_600_000);

    assertThat(SeriesPeriod.kept(period, KeptBuckets.EVERYTHING)).isEqualTo(period);
    assertThat(SeriesPeriod.kept(period, kept).startMillis()).isEqualTo(9 * 3_600_000);
    assertThatThrownBy(
            () ->
                SeriesPeriod.kept(
                    period, KeptBuckets.EVERYTHING.butOf(WindowLevel.HOUR, 10 * 3_600_000)))
        .isInstanceOf(NotKeptException.class)
        .hasMessage(
            "end_time: 1970-01-01T10:00:00Z (expected: from 1970-01-01T10:00:00Z on; earlier hours"
                + " are not kept any more)");
  }
}
