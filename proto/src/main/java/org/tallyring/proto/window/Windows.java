package org.tallyring.proto.window;

import java.util.Optional;
import org.tallyring.proto.v1.Window;
import org.tallyring.topology.window.WindowLevel;

/** The kinds of bucket as the API numbers them. */
public final class Windows {

  private Windows() {}

  /**
   * The kind that the API means; empty for one that does not exist, and for a metric's own buckets,
   * which are no kind without the metric.
   */
  public static Optional<WindowLevel> level(Window window) {
    return switch (window) {
      case WINDOW_MINUTE -> Optional.of(WindowLevel.MINUTE);
      case WINDOW_HOUR -> Optional.of(WindowLevel.HOUR);
      case WINDOW_DAY -> Optional.of(WindowLevel.DAY);
      case WINDOW_MONTH -> Optional.of(WindowLevel.MONTH);
      case WINDOW_ALL -> Optional.of(WindowLevel.ALL);
      case WINDOW_BUCKET, WINDOW_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
    };
  }

  /** How the API numbers a kind. */
  public static Window window(WindowLevel level) {
    return switch (level) {
      case MINUTE -> Window.WINDOW_MINUTE;
      case HOUR -> Window.WINDOW_HOUR;
      case DAY -> Window.WINDOW_DAY;
      case MONTH -> Window.WINDOW_MONTH;
      case ALL -> Window.WINDOW_ALL;
    };
  }
}
