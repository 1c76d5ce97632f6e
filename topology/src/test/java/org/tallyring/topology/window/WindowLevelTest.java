package org.tallyring.topology.window;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WindowLevelTest {

  @ParameterizedTest
  @CsvSource({
    // level, time, start, end
    "HOUR, 2026-03-29T01:59:59.999Z, 2026-03-29T01:00:00Z, 2026-03-29T02:00:00Z",
    "HOUR, 2026-03-29T02:00:00Z, 2026-03-29T02:00:00Z, 2026-03-29T03:00:00Z",
    "HOUR, 1969-12-31T23:59:59.999Z, 1969-12-31T23:00:00Z, 1970-01-01T00:00:00Z",
    "DAY, 2024-02-29T12:00:00Z, 2024-02-29T00:00:00Z, 2024-03-01T00:00:00Z",
    "DAY, 2023-02-28T23:59:59.999Z, 2023-02-28T00:00:00Z, 2023-03-01T00:00:00Z",
    "DAY, 1969-12-31T00:00:00Z, 1969-12-31T00:00:00Z, 1970-01-01T00:00:00Z",
    "DAY, 2016-12-31T23:59:59.999Z, 2016-12-31T00:00:00Z, 2017-01-01T00:00:00Z",
    "MONTH, 2024-02-29T23:59:59.999Z, 2024-02-01T00:00:00Z, 2024-03-01T00:00:00Z",
    "MONTH, 2023-02-28T23:59:59.999Z, 2023-02-01T00:00:00Z, 2023-03-01T00:00:00Z",
    "MONTH, 1900-02-28T12:00:00Z, 1900-02-01T00:00:00Z, 1900-03-01T00:00:00Z",
    "MONTH, 2000-02-29T12:00:00Z, 2000-02-01T00:00:00Z, 2000-03-01T00:00:00Z",
    "MONTH, 2025-12-31T23:59:59.999Z, 2025-12-01T00:00:00Z, 2026-01-01T00:00:00Z",
    "MONTH, 2026-01-01T00:00:00Z, 2026-01-01T00:00:00Z, 2026-02-01T00:00:00Z",
    "MONTH, 2026-04-30T23:59:59.999Z, 2026-04-01T00:00:00Z, 2026-05-01T00:00:00Z",
    "MONTH, 1969-12-15T00:00:00Z, 1969-12-01T00:00:00Z, 1970-01-01T00:00:00Z",
    "MONTH, 0001-01-01T00:00:00Z, 0001-01-01T00:00:00Z, 0001-02-01T00:00:00Z",
    "MONTH, 9999-12-31T23:59:59.999Z, 9999-12-01T00:00:00Z, +10000-01-01T00:00:00Z",
  })
  void aTimeLiesInTheWindowOfTheUtcCalendar(
      WindowLevel level, Instant time, Instant start, Instant end) {
    long windowStart = level.start(time.toEpochMilli());
    assertThat(Instant.ofEpochMilli(windowStart)).isEqualTo(start);
    assertThat(Instant.ofEpochMilli(level.end(windowStart))).isEqualTo(end);
  }

  @ParameterizedTest
  @CsvSource({
    "HOUR, 1970-01-01T00:00:00Z, 1969-12-31T23:00:00Z",
    "DAY, 2024-03-01T00:00:00Z, 2024-02-29T00:00:00Z",
    "MONTH, 2024-03-01T00:00:00Z, 2024-02-01T00:00:00Z",
    "MONTH, 2026-01-01T00:00:00Z, 2025-12-01T00:00:00Z",
  })
  void thePreviousWindowEndsWhereThisOneStarts(WindowLevel level, Instant start, Instant previous) {
    assertThat(Instant.ofEpochMilli(level.previous(start.toEpochMilli()))).isEqualTo(previous);
  }

  @Test
  void theBoundsOfTimeAreTheYearsOneAndTenThousand() {
    assertThat(Instant.ofEpochMilli(WindowLevel.MIN_TIME_MILLIS))
        .isEqualTo(Instant.parse("0001-01-01T00:00:00Z"));
    assertThat(Instant.ofEpochMilli(WindowLevel.MAX_TIME_MILLIS))
        .isEqualTo(Instant.parse("+10000-01-01T00:00:00Z"));
  }

  @Test
  void allTimeHasOneWindowThatIsNeverFinal() {
    WindowLevel all = WindowLevel.ALL;
    assertThat(all.start(WindowLevel.MIN_TIME_MILLIS)).isZero();
    assertThat(all.start(WindowLevel.MAX_TIME_MILLIS - 1)).isZero();
    assertThat(all.end(0)).isEqualTo(Long.MAX_VALUE);
    assertThat(all.previous(0)).isZero();
    assertThat(all.latestFinal(WindowLevel.MAX_TIME_MILLIS, 60_000)).isZero();
    assertThat(all.isFinal(0, WindowLevel.MAX_TIME_MILLIS, 0)).isFalse();
  }

  @Test
  void aWindowIsFinalFromItsEndPlusLatenessOn() {
    long start = Instant.parse("2026-05-01T10:00:00Z").toEpochMilli();
    long end = Instant.parse("2026-05-01T11:00:00Z").toEpochMilli();
    assertThat(WindowLevel.HOUR.isFinal(start, end + 59_999, 60_000)).isFalse();
    assertThat(WindowLevel.HOUR.latestFinal(end + 59_999, 60_000)).isLessThan(start);
    assertThat(WindowLevel.HOUR.isFinal(start, end + 60_000, 60_000)).isTrue();
    assertThat(WindowLevel.HOUR.latestFinal(end + 60_000, 60_000)).isEqualTo(start);
  }

  @Property
  void aWindowContainsTheTimesThatItIsTheWindowOf(
      @ForAll("tumblingLevels") WindowLevel level, @ForAll("times") long time) {
    long start = level.start(time);
    assertThat(start).isLessThanOrEqualTo(time);
    assertThat(level.end(start)).isGreaterThan(time);
    assertThat(level.start(start)).isEqualTo(start);
    assertThat(level.start(level.end(start) - 1)).isEqualTo(start);
  }

  @Property
  void windowsFollowEachOtherWithoutGapOrOverlap(
      @ForAll("tumblingLevels") WindowLevel level, @ForAll("times") long time) {
    long start = level.start(time);
    assertThat(level.end(level.previous(start))).isEqualTo(start);
    assertThat(level.start(level.end(start))).isEqualTo(level.end(start));
    assertThat(level.previous(level.end(start))).isEqualTo(start);
  }

  @Property
  void aWindowOfAFinerLevelLiesInOneWindowOfACoarserLevel(@ForAll("times") long time) {
    for (int finer = 0; finer < WindowLevel.MONTH.ordinal(); finer++) {
      WindowLevel fine = WindowLevel.values()[finer];
      WindowLevel coarse = WindowLevel.values()[finer + 1];
      long start = fine.start(time);
      assertThat(coarse.start(start)).isEqualTo(coarse.start(fine.end(start) - 1));
    }
  }

  @Property
  void theLatestFinalWindowIsFinalAndTheNextOneIsNot(
      @ForAll("tumblingLevels") WindowLevel level,
      @ForAll("times") long now,
      @ForAll @LongRange(max = 86_400_000L) long lateness) {
    long latest = level.latestFinal(now, lateness);
    assertThat(level.isFinal(latest, now, lateness)).isTrue();
    assertThat(level.isFinal(level.end(latest), now, lateness)).isFalse();
  }

  @Provide
  Arbitrary<WindowLevel> tumblingLevels() {
    return Arbitraries.of(WindowLevel.HOUR, WindowLevel.DAY, WindowLevel.MONTH);
  }

  @Provide
  Arbitrary<Long> times() {
    return Arbitraries.longs()
        .between(WindowLevel.MIN_TIME_MILLIS, WindowLevel.MAX_TIME_MILLIS - 1);
  }
}
