package org.tallyring.shardserver.grpc;

import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Window;
import org.tallyring.topology.window.WindowLevel;

/** The kinds of bucket as the API numbers them. */
final class Windows {

  private Windows() {}

  /**
   * The kind that the API means.
   *
   * @param field what to call it in the message
   * @throws io.grpc.StatusRuntimeException BAD_WINDOW, if there is no such
   */
  static WindowLevel level(String field, Window window) {
    return switch (window) {
      case WINDOW_MINUTE -> WindowLevel.MINUTE;
      case WINDOW_HOUR -> WindowLevel.HOUR;
      case WINDOW_DAY -> WindowLevel.DAY;
      case WINDOW_MONTH -> WindowLevel.MONTH;
      case WINDOW_ALL -> WindowLevel.ALL;
      case WINDOW_UNSPECIFIED, UNRECOGNIZED ->
          throw Errors.invalid(
              ErrorReason.ERROR_REASON_BAD_WINDOW,
              field,
              field + ": " + window.name() + " (expected: minute, hour, day, month or all)");
    };
  }

  /** How the API numbers a kind. */
  static Window window(WindowLevel level) {
    return switch (level) {
      case MINUTE -> Window.WINDOW_MINUTE;
      case HOUR -> Window.WINDOW_HOUR;
      case DAY -> Window.WINDOW_DAY;
      case MONTH -> Window.WINDOW_MONTH;
      case ALL -> Window.WINDOW_ALL;
    };
  }
}
