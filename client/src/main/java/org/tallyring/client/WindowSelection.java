package org.tallyring.client;

import com.google.protobuf.Timestamp;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.topology.window.WindowLevel;

/**
 * Which window is meant: a kind and which one of that kind. Immutable.
 *
 * <p>There is only one window of all time, so there which one does not matter.
 */
public final class WindowSelection {

  private static final String LEVEL_RULE = " (expected: hour, day, month or all)";
  private static final String AT_RULE =
      " (expected: current, sealed or a time like 2026-01-31T12:00:00Z)";

  private final WindowSelector selector;

  private WindowSelection(WindowSelector selector) {
    this.selector = selector;
  }

  /** Everything ever counted. */
  public static WindowSelection allTime() {
    return current(WindowLevel.ALL);
  }

  /** The window that contains the present moment; it is still filling. */
  public static WindowSelection current(WindowLevel level) {
    return new WindowSelection(of(level).setCurrent(true).build());
  }

  /** The latest window that is final. */
  public static WindowSelection sealed(WindowLevel level) {
    return new WindowSelection(of(level).setSealed(true).build());
  }

  /** The window that contains {@code time}. */
  public static WindowSelection at(WindowLevel level, Instant time) {
    Timestamp timestamp =
        Timestamp.newBuilder().setSeconds(time.getEpochSecond()).setNanos(time.getNano()).build();
    return new WindowSelection(of(level).setTime(timestamp).build());
  }

  /**
   * A selection as people write it.
   *
   * @param level {@code hour}, {@code day}, {@code month} or {@code all}
   * @param at {@code current}, {@code sealed} or an ISO-8601 time with zone; null for {@code
   *     sealed}
   * @throws TallyringException with BAD_WINDOW if a text is none of these
   */
  public static WindowSelection parse(String level, @Nullable String at) {
    WindowLevel parsed;
    try {
      parsed = WindowLevel.valueOf(level.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException unknown) {
      throw TallyringException.definite(
          ErrorReason.ERROR_REASON_BAD_WINDOW, "window: " + level + LEVEL_RULE, unknown);
    }
    if (at == null || at.equals("sealed")) {
      return sealed(parsed);
    }
    if (at.equals("current")) {
      return current(parsed);
    }
    try {
      return at(parsed, OffsetDateTime.parse(at).toInstant());
    } catch (DateTimeException malformed) {
      throw TallyringException.definite(
          ErrorReason.ERROR_REASON_BAD_WINDOW, "at: " + at + AT_RULE, malformed);
    }
  }

  /** The selection as a message of the API. */
  public WindowSelector toSelector() {
    return selector;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WindowSelection that && selector.equals(that.selector);
  }

  @Override
  public int hashCode() {
    return selector.hashCode();
  }

  @Override
  public String toString() {
    String level = selector.getWindow().name().substring("WINDOW_".length());
    return level.toLowerCase(Locale.ROOT)
        + switch (selector.getAtCase()) {
          case CURRENT -> " at current";
          case TIME ->
              " at "
                  + Instant.ofEpochSecond(
                      selector.getTime().getSeconds(), selector.getTime().getNanos());
          case SEALED, AT_NOT_SET -> " at sealed";
        };
  }

  private static WindowSelector.Builder of(WindowLevel level) {
    Window window =
        switch (level) {
          case MINUTE -> Window.WINDOW_MINUTE;
          case HOUR -> Window.WINDOW_HOUR;
          case DAY -> Window.WINDOW_DAY;
          case MONTH -> Window.WINDOW_MONTH;
          case ALL -> Window.WINDOW_ALL;
        };
    return WindowSelector.newBuilder().setWindow(window);
  }
}
