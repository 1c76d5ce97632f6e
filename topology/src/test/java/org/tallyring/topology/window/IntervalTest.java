package org.tallyring.topology.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;

final class IntervalTest {

  @Test
  void theIntervalBeforeHasAsManyBucketsAndEndsWhereThisOneStarts() {
    assertThat(
            interval(WindowLevel.HOUR, "2026-03-01T00:00:00Z", "2026-03-01T05:00:00Z").previous())
        .isEqualTo(interval(WindowLevel.HOUR, "2026-02-28T19:00:00Z", "2026-03-01T00:00:00Z"));
    assertThat(
            interval(WindowLevel.MONTH, "2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z").previous())
        .isEqualTo(interval(WindowLevel.MONTH, "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z"));
  }

  @Test
  void nothingIsBeforeAllTime() {
    assertThatThrownBy(() -> Interval.window(WindowLevel.ALL, 0).previous())
        .isInstanceOf(IllegalStateException.class);
  }

  private static Interval interval(WindowLevel level, String start, String end) {
    return new Interval(
        level, Instant.parse(start).toEpochMilli(), Instant.parse(end).toEpochMilli());
  }
}
