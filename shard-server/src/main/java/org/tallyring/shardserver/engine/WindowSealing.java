package org.tallyring.shardserver.engine;

import org.tallyring.topology.window.WindowLevel;

/**
 * Tells the windows of one namespace as sealed when the journal's time passes their ends and the
 * lateness. A quiet range tells late: its time stands still between entries.
 */
final class WindowSealing {

  private static final WindowLevel[] WINDOWS = {
    WindowLevel.HOUR, WindowLevel.DAY, WindowLevel.MONTH
  };

  /** Nothing was told or passed over yet. */
  static final long NOTHING = Long.MIN_VALUE;

  /**
   * All windows that end here or before were told. Always the border of an hour, the finest window:
   * so it moves at the same entries whether or not a snapshot came between.
   */
  private long untilMillis = NOTHING;

  long untilMillis() {
    return untilMillis;
  }

  /** Sets what a snapshot says. */
  void restore(long restored) {
    untilMillis = restored;
  }

  /**
   * Tells what became final. Before the first call nothing can have been counted.
   *
   * @return when to call again, in journal time; before that it would do nothing
   */
  long advance(
      NamespaceCounts namespace, long journalTimeMillis, long latenessMillis, EventLog events) {
    long until = WindowLevel.HOUR.start(journalTimeMillis - latenessMillis);
    if (untilMillis != NOTHING && until > untilMillis) {
      for (MetricCounts metric : namespace.metrics()) {
        for (WindowLevel level : WINDOWS) {
          tell(namespace, metric, level, until, events);
        }
      }
    }
    untilMillis = Math.max(untilMillis, until);
    return WindowLevel.HOUR.end(untilMillis) + latenessMillis;
  }

  private void tell(
      NamespaceCounts namespace,
      MetricCounts metric,
      WindowLevel level,
      long until,
      EventLog events) {
    long start = level.start(untilMillis);
    for (long end = level.end(start); end <= until; end = level.end(start)) {
      if (metric.buckets().find(level, start) != null) {
        events.windowSealed(namespace.name(), metric.name(), level, start);
      }
      start = end;
    }
  }
}
