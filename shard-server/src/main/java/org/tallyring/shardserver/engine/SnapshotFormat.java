package org.tallyring.shardserver.engine;

import org.tallyring.proto.v1.Window;
import org.tallyring.topology.window.WindowLevel;

/** What writer and reader of snapshots must agree on besides the messages. */
final class SnapshotFormat {

  /** The layout's number. */
  static final int NUMBER = 1;

  private SnapshotFormat() {}

  /** The number of a level in a snapshot. */
  static int numberOf(WindowLevel level) {
    return switch (level) {
      case MINUTE -> Window.WINDOW_MINUTE_VALUE;
      case HOUR -> Window.WINDOW_HOUR_VALUE;
      case DAY -> Window.WINDOW_DAY_VALUE;
      case MONTH -> Window.WINDOW_MONTH_VALUE;
      case ALL -> Window.WINDOW_ALL_VALUE;
    };
  }

  /**
   * The level with a number.
   *
   * @throws IllegalArgumentException if there is none
   */
  static WindowLevel levelOf(int number) {
    return switch (number) {
      case Window.WINDOW_MINUTE_VALUE -> WindowLevel.MINUTE;
      case Window.WINDOW_HOUR_VALUE -> WindowLevel.HOUR;
      case Window.WINDOW_DAY_VALUE -> WindowLevel.DAY;
      case Window.WINDOW_MONTH_VALUE -> WindowLevel.MONTH;
      case Window.WINDOW_ALL_VALUE -> WindowLevel.ALL;
      default -> throw new IllegalArgumentException("window: " + number + " (expected: 1..5)");
    };
  }
}
