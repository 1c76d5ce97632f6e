package org.tallyring.aggregator.answer;

import com.google.protobuf.Timestamp;
import org.tallyring.aggregator.collect.Windows;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * The one window that a question means.
 *
 * @param level the kind
 * @param startMillis its start in milliseconds since 1970-01-01T00:00:00Z; 0 for all time
 * @param state where in its life the window is
 */
record WindowChoice(WindowLevel level, long startMillis, State state) {

  /** Where in its life a window is, by the aggregator's clock. */
  enum State {
    /** It contains the present moment: the shards publish it. */
    OPEN,
    /** Its lateness is not over, or it has not begun: it must be asked for and may change. */
    CHANGING,
    /** Its lateness is over: it must be asked for and changes only by late corrections. */
    FINAL
  }

  /**
   * Chooses at a moment.
   *
   * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT, if the selector means no window
   */
  static WindowChoice of(WindowSelector selector, long nowMillis, long latenessMillis) {
    WindowLevel level =
        Windows.level(selector.getWindow())
            .orElseThrow(
                () ->
                    bad(
                        "window.window",
                        selector.getWindow() + " (expected: an hour, day, month or all)"));
    if (level == WindowLevel.ALL) {
      return new WindowChoice(level, 0, State.OPEN);
    }
    long start =
        switch (selector.getAtCase()) {
          case CURRENT -> {
            if (!selector.getCurrent()) {
              throw bad("window.current", "false (expected: true, or another selector)");
            }
            yield level.start(nowMillis);
          }
          case SEALED -> {
            if (!selector.getSealed()) {
              throw bad("window.sealed", "false (expected: true, or another selector)");
            }
            yield level.latestFinal(nowMillis, latenessMillis);
          }
          case TIME -> level.start(millis(selector.getTime()));
          case AT_NOT_SET -> level.latestFinal(nowMillis, latenessMillis);
        };
    if (start == level.start(nowMillis)) {
      return new WindowChoice(level, start, State.OPEN);
    }
    return new WindowChoice(
        level,
        start,
        level.isFinal(start, nowMillis, latenessMillis) ? State.FINAL : State.CHANGING);
  }

  /** As an interval. */
  Interval interval() {
    return Interval.window(level, startMillis);
  }

  /** A moment as the API writes it. Unlike protobuf's own conversion it knows the year 10,000. */
  static Timestamp timestamp(long millis) {
    return Timestamp.newBuilder()
        .setSeconds(Math.floorDiv(millis, 1000))
        .setNanos(Math.floorMod(millis, 1000) * 1_000_000)
        .build();
  }

  private static long millis(Timestamp time) {
    if (time.getNanos() < 0
        || time.getNanos() > 999_999_999
        || time.getSeconds() < Math.floorDiv(WindowLevel.MIN_TIME_MILLIS, 1000)
        || time.getSeconds() >= Math.floorDiv(WindowLevel.MAX_TIME_MILLIS, 1000)) {
      throw bad(
          "window.time",
          time.getSeconds() + " s " + time.getNanos() + " ns (expected: in the years 1 to 9999)");
    }
    return time.getSeconds() * 1000 + time.getNanos() / 1_000_000;
  }

  private static RuntimeException bad(String field, String what) {
    return Errors.invalid(ErrorReason.ERROR_REASON_BAD_WINDOW, field, field + ": " + what);
  }
}
