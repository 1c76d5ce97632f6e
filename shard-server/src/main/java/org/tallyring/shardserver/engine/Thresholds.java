package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.topology.window.Interval;

/**
 * The threshold rules of one namespace in one range.
 *
 * <p>The rows of a batch are looked at one by one, in the order of the journal, each before and
 * after it is added. So what is told does not depend on how the producer cut its increments into
 * batches, and it is told of estimates as of exact counts.
 */
final class Thresholds {

  private List<RuleWatch> watches = List.of();
  private Set<String> metrics = Set.of();

  // What was looked at before the present row was added, by the place of the rule.
  private @Nullable Interval[] times = new Interval[0];
  private long[] before = new long[0];

  /**
   * Takes the rules of a definition. One that stays as it was keeps what it remembers.
   *
   * @param namespace its counts are as the definition has them
   */
  void define(List<ThresholdRule> rules, NamespaceCounts namespace) {
    List<RuleWatch> defined = new ArrayList<>();
    Set<String> watched = new HashSet<>();
    for (ThresholdRule rule : rules) {
      RuleWatch kept =
          watches.stream().filter(watch -> watch.rule().equals(rule)).findFirst().orElse(null);
      if (kept == null) {
        kept = RuleWatch.of(rule);
        kept.begin(namespace);
      }
      defined.add(kept);
      watched.add(rule.getMetric());
    }
    watches = defined;
    metrics = watched;
    times = new Interval[defined.size()];
    before = new long[defined.size()];
  }

  /** Whether some rule is about a metric. */
  boolean watch(String metric) {
    return !watches.isEmpty() && metrics.contains(metric);
  }

  /**
   * Looks at a row that is about to be added.
   *
   * @param metric its cursor is on the row's buckets
   */
  void look(MetricCounts metric, RowBlock rows, int row, KeyTable keys) {
    int slot = rows.slots[row];
    for (int i = 0; i < times.length; i++) {
      RuleWatch watch = watches.get(i);
      boolean isMeant = watch.rule().getMetric().equals(metric.name()) && watch.isAbout(slot, keys);
      Interval time = isMeant ? watch.time(metric, rows.timesMillis[row]) : null;
      times[i] = time;
      before[i] = time == null ? 0 : watch.count(metric, time, slot);
    }
  }

  /** Tells the rules of the row that was looked at last, and was then added. */
  void check(MetricCounts metric, RowBlock rows, int row, NamespaceCounts of, EventLog events) {
    int slot = rows.slots[row];
    for (int i = 0; i < times.length; i++) {
      RuleWatch watch = watches.get(i);
      Interval time = times[i];
      if (time == null) {
        continue;
      }
      long count = watch.count(metric, time, slot);
      if (watch.crosses(metric, time, slot, before[i], count)) {
        events.thresholdExceeded(
            of.name(), watch.rule(), of.keys().key(slot), time, count, rows.timesMillis[row]);
      }
    }
  }

  /** Forgets what is about time that a metric does not keep any more. */
  void retire(MetricCounts metric) {
    for (RuleWatch watch : watches) {
      if (watch.rule().getMetric().equals(metric.name())) {
        watch.retire(metric);
      }
    }
  }

  /** The rules about windows. */
  Stream<WindowWatch> windows() {
    return watches.stream().filter(WindowWatch.class::isInstance).map(WindowWatch.class::cast);
  }

  /** The rules about spans. */
  Stream<SpanWatch> spans() {
    return watches.stream().filter(SpanWatch.class::isInstance).map(SpanWatch.class::cast);
  }
}
