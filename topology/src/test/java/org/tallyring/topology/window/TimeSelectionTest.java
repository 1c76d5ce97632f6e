package org.tallyring.topology.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TimeSelectionTest {

  private static final long MINUTE = 60_000;
  private static final long LATENESS = 60_000;
  private static final long NOW = millis("2026-01-15T10:30:20Z");

  @ParameterizedTest
  @CsvSource({
    // length, end, start of the interval, its end
    "PT1H,    2026-01-15T10:30:00Z, 2026-01-15T09:30:00Z, 2026-01-15T10:30:00Z",
    "PT1H,    2026-01-15T10:29:00.001Z, 2026-01-15T09:30:00Z, 2026-01-15T10:30:00Z",
    "PT1H,    2026-01-15T10:29:59.999Z, 2026-01-15T09:30:00Z, 2026-01-15T10:30:00Z",
    "PT24H,   2024-03-01T00:00:00Z, 2024-02-29T00:00:00Z, 2024-03-01T00:00:00Z",
    "PT1M30S, 2026-01-15T10:30:00Z, 2026-01-15T10:28:00Z, 2026-01-15T10:30:00Z",
    "PT1M,    2026-01-15T10:30:00Z, 2026-01-15T10:29:00Z, 2026-01-15T10:30:00Z",
    "PT1M0.000000001S, 2026-01-15T10:30:00Z, 2026-01-15T10:28:00Z, 2026-01-15T10:30:00Z",
    "P400D,   2026-01-15T00:00:00Z, 2024-12-11T00:00:00Z, 2026-01-15T00:00:00Z",
  })
  void aSpanIsWholeMinutesUpToTheOneThatContainsItsEnd(
      Duration length, Instant end, Instant start, Instant coveredEnd) {
    Resolved span = span(length, Moment.at(end.toEpochMilli()), KeptBuckets.EVERYTHING);

    assertThat(span.interval())
        .isEqualTo(
            new Interval(WindowLevel.MINUTE, start.toEpochMilli(), coveredEnd.toEpochMilli()));
    assertThat(span.isSpan()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    // minutes kept from, hours from, days from, level, start of the interval, its end
    "2026-01-12T10:31:00Z, , , MINUTE, 2026-01-12T10:31:00Z, 2026-01-15T10:31:00Z",
    "2026-01-12T10:32:00Z, 2026-01-12T11:00:00Z, , HOUR, 2026-01-12T11:00:00Z, 2026-01-15T11:00:00Z",
    "2026-01-15T10:00:00Z, 2026-01-12T12:00:00Z, , DAY, 2026-01-13T00:00:00Z, 2026-01-16T00:00:00Z",
    "2026-01-15T10:00:00Z, 2026-01-15T10:00:00Z, 2026-01-14T00:00:00Z, MONTH, 2026-01-01T00:00:00Z, 2026-02-01T00:00:00Z",
  })
  void aSpanRestsOnTheFinestBucketsThatAreKeptAtItsStart(
      Instant minutes, Instant hours, Instant days, WindowLevel level, Instant start, Instant end) {
    KeptBuckets kept =
        KeptBuckets.EVERYTHING
            .butOf(WindowLevel.MINUTE, minutes.toEpochMilli())
            .butOf(WindowLevel.HOUR, hours == null ? Long.MIN_VALUE : hours.toEpochMilli())
            .butOf(WindowLevel.DAY, days == null ? Long.MIN_VALUE : days.toEpochMilli());

    assertThat(span(Duration.ofDays(3), Moment.CURRENT, kept).interval())
        .isEqualTo(new Interval(level, start.toEpochMilli(), end.toEpochMilli()));
  }

  @Test
  void aSealedSpanEndsWithTheLatestFinalBucketOfItsLevel() {
    assertThat(span(Duration.ofHours(1), Moment.SEALED, KeptBuckets.EVERYTHING))
        .isEqualTo(
            new Resolved(
                new Interval(
                    WindowLevel.MINUTE,
                    millis("2026-01-15T09:29:00Z"),
                    millis("2026-01-15T10:29:00Z")),
                true,
                Resolved.State.FINAL));
    assertThat(
            span(
                Duration.ofHours(1),
                Moment.SEALED,
                KeptBuckets.EVERYTHING.butOf(WindowLevel.MINUTE, NOW)))
        .isEqualTo(
            new Resolved(
                new Interval(
                    WindowLevel.HOUR,
                    millis("2026-01-15T09:00:00Z"),
                    millis("2026-01-15T10:00:00Z")),
                true,
                Resolved.State.FINAL));
  }

  @Property
  void aSpanIsNeverShorterThanAskedForAndLongerByLessThanABucket(
      @ForAll("lengths") Duration length,
      @ForAll("times") long end,
      @ForAll("retentions") Retention retention) {
    Interval covered = span(length, Moment.at(end), end, retention.at(end)).interval();
    WindowLevel level = covered.level();

    assertThat(covered.endMillis()).isGreaterThanOrEqualTo(end);
    assertThat(level.start(covered.endMillis() - 1)).isLessThan(end);
    long start = covered.endMillis() - length.toMillis();
    assertThat(covered.startMillis()).isLessThanOrEqualTo(start);
    assertThat(level.end(covered.startMillis())).isGreaterThan(start);
  }

  @Property
  void noFinerLevelIsKeptThanTheOneThatASpanRestsOn(
      @ForAll("lengths") Duration length,
      @ForAll("times") long end,
      @ForAll("retentions") Retention retention) {
    KeptBuckets kept = retention.at(end);
    Interval covered = span(length, Moment.at(end), end, kept).interval();

    assertThat(kept.keeps(covered)).isTrue();
    for (WindowLevel finer : WindowLevel.values()) {
      if (finer.compareTo(covered.level()) < 0) {
        long finerEnd = finer.endAtOrAfter(end);
        assertThat(finer.start(finerEnd - length.toMillis())).isLessThan(kept.from(finer));
      }
    }
  }

  @Property
  void aSpanOfWholeBucketsThatEndsAtAnEdgeIsExactlyAsLongAsAskedFor(
      @ForAll @LongRange(min = 1, max = 400 * 24 * 60) long minutes, @ForAll("times") long end) {
    long edge = WindowLevel.MINUTE.start(end);
    Interval covered =
        span(Duration.ofMinutes(minutes), Moment.at(edge), edge, KeptBuckets.EVERYTHING).interval();

    assertThat(covered).isEqualTo(new Interval(WindowLevel.MINUTE, edge - minutes * MINUTE, edge));
  }

  @Property
  void aSpanIsFinalWhenItsLastBucketIs(
      @ForAll("lengths") Duration length,
      @ForAll("times") long end,
      @ForAll @LongRange(max = 10_000_000) long later,
      @ForAll("retentions") Retention retention) {
    Resolved span = span(length, Moment.at(end), end + later, retention.at(end));
    Interval covered = span.interval();
    WindowLevel level = covered.level();
    long last = level.previous(covered.endMillis());

    assertThat(span.isFinal()).isEqualTo(level.isFinal(last, end + later, LATENESS));
  }

  @Test
  void aSpanOfWhichNotEvenMonthsAreKeptIsToldAsSuch() {
    KeptBuckets nothing = KeptBuckets.EVERYTHING;
    for (WindowLevel level : WindowLevel.values()) {
      nothing = nothing.butOf(level, NOW);
    }
    KeptBuckets kept = nothing;
    assertThatThrownBy(() -> span(Duration.ofDays(3), Moment.CURRENT, kept))
        .isInstanceOf(NotKeptException.class)
        .hasMessage(
            "last: PT72H (expected: from 2026-01-15T10:30:20Z on; earlier months are not kept any"
                + " more)");
  }

  @ParameterizedTest
  @CsvSource({"PT0S", "PT0.000999999S", "PT-24H", "P400DT0.000000001S", "P3650D"})
  void aSpanThatIsTooShortOrTooLongIsRefused(Duration length) {
    assertThatThrownBy(() -> TimeSelection.span(length, Moment.CURRENT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("last: " + length + " (expected: 1 ms to 400 days)");
  }

  @ParameterizedTest
  @CsvSource({
    // bucket, length, end, start of the interval, its end
    "1,       PT1.5S, 2026-01-15T10:30:00.123Z, 2026-01-15T10:29:58.623Z, 2026-01-15T10:30:00.123Z",
    "1,       PT0.001S, 2026-01-15T10:30:00Z, 2026-01-15T10:29:59.999Z, 2026-01-15T10:30:00Z",
    "1,       PT0.0010001S, 2026-01-15T10:30:00Z, 2026-01-15T10:29:59.998Z, 2026-01-15T10:30:00Z",
    "10000,   PT30S, 2026-01-15T10:30:15Z, 2026-01-15T10:29:50Z, 2026-01-15T10:30:20Z",
    "10000,   PT10S, 2026-01-15T10:30:00Z, 2026-01-15T10:29:50Z, 2026-01-15T10:30:00Z",
    "900000,  PT1H, 2026-01-15T10:16:00Z, 2026-01-15T09:30:00Z, 2026-01-15T10:30:00Z",
    "3600000, PT61M, 2026-01-15T10:16:00Z, 2026-01-15T09:00:00Z, 2026-01-15T11:00:00Z",
  })
  void aSpanOfAMetricWithItsOwnBucketsIsWholeBucketsOfTheirLength(
      long bucket, Duration length, Instant end, Instant start, Instant coveredEnd) {
    BucketWidth width = new BucketWidth(bucket);

    assertThat(
            TimeSelection.span(length, Moment.at(end.toEpochMilli()))
                .resolve(NOW, LATENESS, width, KeptBuckets.EVERYTHING)
                .interval())
        .isEqualTo(
            new Interval(
                WindowLevel.MINUTE, width, start.toEpochMilli(), coveredEnd.toEpochMilli()));
  }

  @Test
  void aSpanShorterThanTheMetricsFinestBucketIsRefusedWithItsLength() {
    TimeSelection short30 = TimeSelection.span(Duration.ofSeconds(30), Moment.CURRENT);
    assertThatThrownBy(
            () -> short30.resolve(NOW, LATENESS, BucketWidth.MINUTE, KeptBuckets.EVERYTHING))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("last: PT30S (expected: 1m, the metric's finest bucket, to 400 days)");
    assertThat(
            short30
                .resolve(NOW, LATENESS, new BucketWidth(30_000), KeptBuckets.EVERYTHING)
                .interval()
                .size())
        .isEqualTo(1);
  }

  @Test
  void aTimeInTheFutureIsRefusedAndFiveMinutesAreNot() {
    long ahead = NOW + 5 * MINUTE;
    assertThat(span(Duration.ofHours(1), Moment.at(ahead), KeptBuckets.EVERYTHING).isFinal())
        .isFalse();
    assertThatThrownBy(
            () -> span(Duration.ofHours(1), Moment.at(ahead + 1), KeptBuckets.EVERYTHING))
        .hasMessage(
            "window.time: 2026-01-15T10:35:20.001Z (expected: at most 5 minutes in the future)");
    TimeSelection nextHour = TimeSelection.window(WindowLevel.HOUR, Moment.at(NOW + 60 * MINUTE));
    assertThatThrownBy(
            () -> nextHour.resolve(NOW, LATENESS, BucketWidth.MINUTE, KeptBuckets.EVERYTHING))
        .isInstanceOf(IllegalArgumentException.class);
    // Later today lies in today's window.
    assertThat(
            TimeSelection.window(WindowLevel.DAY, Moment.at(NOW + 60 * MINUTE))
                .resolve(NOW, LATENESS, BucketWidth.MINUTE, KeptBuckets.EVERYTHING)
                .state())
        .isEqualTo(Resolved.State.OPEN);
  }

  @ParameterizedTest
  @CsvSource({
    // kind, time, start, state
    "CURRENT, , 2026-01-15T10:00:00Z, OPEN",
    "SEALED, , 2026-01-15T09:00:00Z, FINAL",
    "TIME, 2026-01-15T10:00:00Z, 2026-01-15T10:00:00Z, OPEN",
    "TIME, 2026-01-15T09:59:59.999Z, 2026-01-15T09:00:00Z, FINAL",
  })
  void aMomentPicksOneWindow(Moment.Kind kind, Instant time, Instant start, Resolved.State state) {
    Moment moment = new Moment(kind, time == null ? 0 : time.toEpochMilli());

    assertThat(
            TimeSelection.window(WindowLevel.HOUR, moment)
                .resolve(NOW, LATENESS, BucketWidth.MINUTE, KeptBuckets.EVERYTHING))
        .isEqualTo(
            new Resolved(Interval.window(WindowLevel.HOUR, start.toEpochMilli()), false, state));
  }

  @Test
  void aWindowIsChangingBetweenItsEndAndTheEndOfItsLateness() {
    TimeSelection ten = TimeSelection.window(WindowLevel.HOUR, Moment.at(NOW));
    long end = millis("2026-01-15T11:00:00Z");
    assertThat(
            ten.resolve(end + LATENESS - 1, LATENESS, BucketWidth.MINUTE, KeptBuckets.EVERYTHING)
                .state())
        .isEqualTo(Resolved.State.CHANGING);
    assertThat(
            ten.resolve(end + LATENESS, LATENESS, BucketWidth.MINUTE, KeptBuckets.EVERYTHING)
                .state())
        .isEqualTo(Resolved.State.FINAL);
  }

  @Test
  void aWindowThatIsNotKeptIsToldWithTheFirstThatIs() {
    KeptBuckets kept =
        KeptBuckets.EVERYTHING.butOf(WindowLevel.HOUR, millis("2012-07-05T00:00:00Z"));
    TimeSelection gone =
        TimeSelection.window(WindowLevel.HOUR, Moment.at(millis("2012-07-04T23:59:59Z")));

    assertThatThrownBy(() -> gone.resolve(NOW, LATENESS, BucketWidth.MINUTE, kept))
        .isInstanceOf(NotKeptException.class)
        .hasMessage(
            "window: hour of 2012-07-04T23:00:00Z (expected: from 2012-07-05T00:00:00Z on; earlier"
                + " hours are not kept any more)");
    assertThat(
            TimeSelection.window(WindowLevel.HOUR, Moment.at(millis("2012-07-05T00:00:00Z")))
                .resolve(NOW, LATENESS, BucketWidth.MINUTE, kept)
                .isFinal())
        .isTrue();
  }

  @Test
  void allTimeIsOpenWhateverTheMoment() {
    for (Moment moment : new Moment[] {Moment.CURRENT, Moment.SEALED, Moment.at(0)}) {
      assertThat(
              TimeSelection.window(WindowLevel.ALL, moment)
                  .resolve(NOW, LATENESS, BucketWidth.MINUTE, KeptBuckets.EVERYTHING))
          .isEqualTo(new Resolved(Interval.window(WindowLevel.ALL, 0), false, Resolved.State.OPEN));
    }
  }

  @Test
  void aTimeOutsideOfTheYearsThatAreCountedIsRefused() {
    assertThatThrownBy(() -> Moment.at(WindowLevel.MIN_TIME_MILLIS - 1))
        .hasMessage("window.time: -62135596800001 ms (expected: in the years 1 to 9999)");
    assertThatThrownBy(() -> Moment.at(WindowLevel.MAX_TIME_MILLIS))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> TimeSelection.window(WindowLevel.MINUTE, Moment.CURRENT))
        .hasMessage("window: minute (expected: hour, day, month or all)");
  }

  private static Resolved span(Duration length, Moment moment, KeptBuckets kept) {
    return span(length, moment, NOW, kept);
  }

  private static Resolved span(Duration length, Moment moment, long now, KeptBuckets kept) {
    return TimeSelection.span(length, moment).resolve(now, LATENESS, BucketWidth.MINUTE, kept);
  }

  private static long millis(String time) {
    return Instant.parse(time).toEpochMilli();
  }

  @Provide
  Arbitrary<Duration> lengths() {
    return Arbitraries.longs()
        .between(MINUTE, Duration.ofDays(400).toMillis())
        .map(Duration::ofMillis);
  }

  @Provide
  Arbitrary<Long> times() {
    return Arbitraries.longs()
        .between(WindowLevel.MIN_TIME_MILLIS, WindowLevel.MAX_TIME_MILLIS - 1);
  }

  /**
   * What is kept at a time. Retention about as long as spans are, else every span would be kept or
   * none.
   */
  private record Retention(long[] millis) {
    KeptBuckets at(long time) {
      KeptBuckets kept = KeptBuckets.EVERYTHING;
      for (int i = 0; i < millis.length; i++) {
        WindowLevel level = WindowLevel.values()[i];
        kept = kept.butOf(level, level.start(time - millis[i]));
      }
      return kept;
    }
  }

  @Provide
  Arbitrary<Retention> retentions() {
    Arbitrary<Long> millis = Arbitraries.longs().between(MINUTE, Duration.ofDays(401).toMillis());
    return Combinators.combine(millis, millis, millis)
        .as((minute, hour, day) -> new Retention(new long[] {minute, hour, day}));
  }
}
