package org.tallyring.shardserver.grpc;

import com.google.protobuf.Timestamp;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * One window, found by a selector at a moment.
 *
 * @param level the kind of window
 * @param startMillis its start; 0 for {@link WindowLevel#ALL}
 * @param isFinal whether its lateness is over
 */
record WindowSelection(WindowLevel level, long startMillis, boolean isFinal) {

  static WindowSelection of(WindowSelector selector, long nowMillis, long latenessMillis) {
    WindowLevel level = level(selector.getWindow());
    long start =
        switch (selector.getAtCase()) {
          case CURRENT -> level.start(nowMillis);
          case TIME -> level.start(millis(selector.getTime()));
          case SEALED, AT_NOT_SET ->
              level == WindowLevel.ALL ? 0 : level.latestFinal(nowMillis, latenessMillis);
        };
    return new WindowSelection(level, start, level.isFinal(start, nowMillis, latenessMillis));
  }

  /** As an interval. */
  Interval interval() {
    return Interval.window(level, startMillis);
  }

  static WindowLevel level(Window window) {
    return switch (window) {
      case WINDOW_HOUR -> WindowLevel.HOUR;
      case WINDOW_DAY -> WindowLevel.DAY;
      case WINDOW_MONTH -> WindowLevel.MONTH;
      case WINDOW_ALL -> WindowLevel.ALL;
      case WINDOW_UNSPECIFIED, WINDOW_MINUTE, UNRECOGNIZED ->
          throw Errors.invalid(
              ErrorReason.ERROR_REASON_BAD_WINDOW,
              "window",
              "window: " + window.name() + " (expected: hour, day, month or all)");
    };
  }

  static WindowLevel bucket(Window window) {
    return window == Window.WINDOW_MINUTE ? WindowLevel.MINUTE : level(window);
  }

  static Window window(WindowLevel level) {
    return switch (level) {
      case MINUTE -> Window.WINDOW_MINUTE;
      case HOUR -> Window.WINDOW_HOUR;
      case DAY -> Window.WINDOW_DAY;
      case MONTH -> Window.WINDOW_MONTH;
      case ALL -> Window.WINDOW_ALL;
    };
  }

  /** A label with what the selection knows. */
  AnswerLabel.Builder label() {
    AnswerLabel.Builder label =
        AnswerLabel.newBuilder().setWindow(window(level)).setFinal(isFinal).setExact(true);
    if (level != WindowLevel.ALL) {
      label.setStartTime(timestamp(startMillis)).setEndTime(timestamp(level.end(startMillis)));
    }
    return label;
  }

  static Timestamp timestamp(long millis) {
    return Timestamp.newBuilder()
        .setSeconds(Math.floorDiv(millis, 1000))
        .setNanos(Math.floorMod(millis, 1000) * 1_000_000)
        .build();
  }

  private static long millis(Timestamp time) {
    long seconds = time.getSeconds();
    long millis =
        seconds > Long.MAX_VALUE / 2000 || seconds < Long.MIN_VALUE / 2000
            ? Long.MAX_VALUE
            : seconds * 1000 + time.getNanos() / 1_000_000;
    if (millis < WindowLevel.MIN_TIME_MILLIS || millis >= WindowLevel.MAX_TIME_MILLIS) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_WINDOW,
          "window.time",
          "window.time: " + seconds + " s (expected: years 1 to 9999)");
    }
    return millis;
  }
}
