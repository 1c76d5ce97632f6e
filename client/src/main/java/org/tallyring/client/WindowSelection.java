package org.tallyring.client;

import com.google.protobuf.Timestamp;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.proto.window.Windows;
import org.tallyring.topology.window.TimeSelection;
import org.tallyring.topology.window.WindowLevel;

/**
 * What time is meant: a tumbling window, by its kind and which one of that kind, or a sliding span,
 * by its length and where it ends. Immutable.
 *
 * <p>A span is answered from whole buckets, the metric's finest as long as they are kept: minutes
 * unless it has others, milliseconds for a sliding window. The label of the answer says from where
 * to where. There is only one window of all time, so there which one does not matter.
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
    return new WindowSelection(of(level).setTime(timestamp(time)).build());
  }

  /**
   * The sliding span of this length that ends now.
   *
   * @throws TallyringException with BAD_WINDOW if it is shorter than a millisecond or longer than
   *     400 days; a question fails with it if it is shorter than the metric's finest bucket
   */
  public static WindowSelection last(Duration length) {
    return new WindowSelection(span(length).setCurrent(true).build());
  }

  /**
   * The sliding span of this length that ends at {@code end}.
   *
   * @throws TallyringException with BAD_WINDOW if it is shorter than a millisecond or longer than
   *     400 days; a question fails with it if it is shorter than the metric's finest bucket
   */
  public static WindowSelection lastUntil(Duration length, Instant end) {
    return new WindowSelection(span(length).setTime(timestamp(end)).build());
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
      if (!parsed.isWindow()) {
        throw new IllegalArgumentException(level);
      }
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
    return (selector.hasLast()
            ? "last " + ProtoTimes.duration(selector.getLast())
            : selector.getWindow().name().substring("WINDOW_".length()).toLowerCase(Locale.ROOT))
        + switch (selector.getAtCase()) {
          case CURRENT -> " at current";
          case TIME ->
              " at "
                  + Instant.ofEpochSecond(
                      selector.getTime().getSeconds(), selector.getTime().getNanos());
          case SEALED, AT_NOT_SET -> " at sealed";
        };
  }

  private static WindowSelector.Builder span(Duration length) {
    if (!TimeSelection.isSpan(length)) {
      throw TallyringException.definite(
          ErrorReason.ERROR_REASON_BAD_WINDOW,
          "last: " + length + " (expected: " + TimeSelection.SPAN_RULE + ")");
    }
    return WindowSelector.newBuilder().setLast(ProtoTimes.duration(length));
  }

  /** A moment as a message of the API. */
  static Timestamp timestamp(Instant time) {
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }

  private static WindowSelector.Builder of(WindowLevel level) {
    return WindowSelector.newBuilder().setWindow(Windows.window(level));
  }
}
