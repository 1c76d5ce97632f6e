package org.tallyring.shardserver.engine;

import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/*
 * What has to be remembered
 * -------------------------
 * A rule is told when a count goes from below the limit to the limit or above, and then not again until
 * the count was below the lower mark. The count of a window changes by increments only, so whether it
 * may be told follows from the count alone, except between mark and limit: there a count has been told
 * already or has not. So only counts that fell below the limit and not below the mark are remembered,
 * by window and slot. With a mark that is the limit, the usual case, that is nothing at all; and a new
 * window starts with counts of 0, which is below every limit.
 *
 * A count that is at the limit when the rule is made counts as told: nothing crossed.
 */

/** A rule about tumbling windows. */
final class WindowWatch extends RuleWatch {

  private final WindowLevel level;

  /** Slots told of and still at the lower mark or above, though below the limit, by window. */
  private final TreeMap<Long, TreeSet<Integer>> fired = new TreeMap<>();

  WindowWatch(ThresholdRule rule) {
    super(rule);
    level = SnapshotFormat.levelOf(rule.getWindowValue());
  }

  /** The slots, rising, that are remembered, by the start of their window. */
  SortedMap<Long, ? extends SortedSet<Integer>> fired() {
    return fired;
  }

  /** Adds what a snapshot says. */
  void restore(long startMillis, Iterable<Integer> slots) {
    TreeSet<Integer> ofWindow = fired.computeIfAbsent(startMillis, start -> new TreeSet<>());
    slots.forEach(ofWindow::add);
  }

  @Override
  @Nullable Interval time(MetricCounts metric, long eventTimeMillis) {
    return metric.currentWindow(level);
  }

  @Override
  long count(MetricCounts metric, Interval time, int ofSlot) {
    BucketCounts bucket = metric.current(level);
    return bucket == null ? metric.count(time, ofSlot) : bucket.get(ofSlot);
  }

  @Override
  boolean crosses(MetricCounts metric, Interval time, int ofSlot, long before, long after) {
    long start = time.startMillis();
    if (before < rearmBelow()) {
      // The counts began afresh after a swap.
      forget(start, ofSlot);
    }
    if (before >= limit()) {
      if (after < limit() && after >= rearmBelow()) {
        fired.computeIfAbsent(start, added -> new TreeSet<>()).add(ofSlot);
      }
      return false;
    }
    if (after >= limit()) {
      return !forget(start, ofSlot);
    }
    if (after < rearmBelow()) {
      forget(start, ofSlot);
    }
    return false;
  }

  private boolean forget(long startMillis, int ofSlot) {
    TreeSet<Integer> slots = fired.get(startMillis);
    if (slots == null || !slots.remove(ofSlot)) {
      return false;
    }
    if (slots.isEmpty()) {
      fired.remove(startMillis);
    }
    return true;
  }

  /** Nothing: what a count is at follows from the count. */
  @Override
  void begin(NamespaceCounts namespace) {}

  @Override
  void retire(MetricCounts metric) {
    fired.keySet().removeIf(start -> !metric.keeps(Interval.window(level, start)));
  }
}
