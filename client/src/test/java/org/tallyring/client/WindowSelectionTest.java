package org.tallyring.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Window;
import org.tallyring.topology.window.WindowLevel;

final class WindowSelectionTest {

  @Test
  void peopleWriteWhatTheFactoriesMake() {
    Instant time = Instant.parse("2026-01-31T12:00:00Z");

    assertThat(WindowSelection.parse("hour", null))
        .isEqualTo(WindowSelection.sealed(WindowLevel.HOUR));
    assertThat(WindowSelection.parse("day", "sealed"))
        .isEqualTo(WindowSelection.sealed(WindowLevel.DAY));
    assertThat(WindowSelection.parse("all", "current")).isEqualTo(WindowSelection.allTime());
    assertThat(WindowSelection.parse("month", "2026-01-31T13:00:00+01:00"))
        .isEqualTo(WindowSelection.at(WindowLevel.MONTH, time))
        .hasToString("month at 2026-01-31T12:00:00Z");
  }

  @Test
  void theMessageSaysTheSame() {
    assertThat(WindowSelection.current(WindowLevel.DAY).toSelector())
        .satisfies(
            selector -> {
              assertThat(selector.getWindow()).isEqualTo(Window.WINDOW_DAY);
              assertThat(selector.getCurrent()).isTrue();
            });
  }

  @Test
  void aSpanHasALengthAndAnEnd() {
    Instant time = Instant.parse("2026-01-31T12:00:00Z");

    assertThat(WindowSelection.last(Duration.ofHours(24)))
        .hasToString("last PT24H at current")
        .satisfies(
            span -> {
              assertThat(span.toSelector().getLast().getSeconds()).isEqualTo(86_400);
              assertThat(span.toSelector().getWindow()).isEqualTo(Window.WINDOW_UNSPECIFIED);
            });
    assertThat(WindowSelection.lastUntil(Duration.ofMinutes(1), time))
        .hasToString("last PT1M at 2026-01-31T12:00:00Z")
        .isNotEqualTo(WindowSelection.last(Duration.ofMinutes(1)));
  }

  @Test
  void aSpanThatIsTooShortOrTooLongIsRefused() {
    for (Duration length :
        List.of(Duration.ZERO, Duration.ofNanos(999_999), Duration.ofDays(401))) {
      assertThatThrownBy(() -> WindowSelection.last(length))
          .hasMessage("last: " + length + " (expected: 1 ms to 400 days)")
          .isInstanceOfSatisfying(
              TallyringException.class,
              refused ->
                  assertThat(refused.reason()).isEqualTo(ErrorReason.ERROR_REASON_BAD_WINDOW));
    }
  }

  @Test
  void otherTextsAreRefused() {
    assertBadWindow("week", null, "window: week (expected: hour, day, month or all)");
    assertBadWindow("minute", null, "window: minute (expected: hour, day, month or all)");
    assertBadWindow("hour", "yesterday", "at: yesterday (expected: ");
    assertBadWindow("hour", "2026-01-31", "at: 2026-01-31 (expected: ");
  }

  private static void assertBadWindow(String level, @Nullable String at, String message) {
    assertThatThrownBy(() -> WindowSelection.parse(level, at))
        .hasMessageStartingWith(message)
        .isInstanceOfSatisfying(
            TallyringException.class,
            refused -> assertThat(refused.reason()).isEqualTo(ErrorReason.ERROR_REASON_BAD_WINDOW));
  }
}
