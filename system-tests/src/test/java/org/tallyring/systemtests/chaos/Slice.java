package org.tallyring.systemtests.chaos;

import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.tallyring.client.WindowSelection;
import org.tallyring.topology.window.WindowLevel;

/**
 * One window of all that increments count in.
 *
 * @param level hour, day, month or all time
 * @param startMillis where it starts; 0 for all time
 */
record Slice(WindowLevel level, long startMillis) {

  /** The windows that an increment counts in. */
  static List<Slice> of(long timeMillis) {
    return Stream.of(WindowLevel.values())
        .filter(WindowLevel::isWindow)
        .map(level -> new Slice(level, level.start(timeMillis)))
        .toList();
  }

  /** The window as the client asks for it. */
  WindowSelection selection() {
    return level == WindowLevel.ALL
        ? WindowSelection.allTime()
        : WindowSelection.at(level, Instant.ofEpochMilli(startMillis));
  }

  @Override
  public String toString() {
    return level == WindowLevel.ALL ? "all" : level + " " + Instant.ofEpochMilli(startMillis);
  }
}
