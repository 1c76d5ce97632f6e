package org.tallyring.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
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
  void otherTextsAreRefused() {
    assertBadWindow("week", null, "window: week (expected: hour, day, month or all)");
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
