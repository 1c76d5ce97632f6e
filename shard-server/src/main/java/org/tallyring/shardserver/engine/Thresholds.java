package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.topology.window.WindowLevel;

/*
 * What has to be remembered
 * -------------------------
 * A rule is told when a count goes from below the limit to the limit or above, and then not again until
 * the count was below the lower mark. Whether it may be told follows from the count alone, except
 * between mark and limit: there a count has been told already or has not. So only counts that fell
 * below the limit and not below the mark are remembered, by window and slot. With a mark that is the
 * limit, the usual case, that is nothing at all; and a new window starts with counts of 0, which is
 * below every limit.
 *
 * A count that is at the limit when the rule is made counts as told: nothing crossed.
 *
 * The rows of a batch are looked at one by one, in the order of the journal. So what is told does not
 * depend on how the producer cut its increments into batches.
 */

/** The threshold rules of one namespace in one range. */
final class Thresholds {

  private static final class Rule {
    final ThresholdRule definition;
    final WindowLevel level;
    final byte @Nullable [] key;
    final long rearmBelow;

    /** The slot of the only key that the rule is about, once that has one. */
    int slot = KeyTable.NO_SLOT;

    /** How many keys there were when that was looked for last. */
    int keysSearched;

    /** Slots told of and still at the lower mark or above, though below the limit, by window. */
    final TreeMap<Long, TreeSet<Integer>> fired = new TreeMap<>();

    Rule(ThresholdRule definition) {
      this.definition = definition;
      level = SnapshotFormat.levelOf(definition.getWindowValue());
      key = definition.getKey().isEmpty() ? null : definition.getKey().toByteArray();
      rearmBelow = definition.hasRearmBelow() ? definition.getRearmBelow() : definition.getLimit();
    }

    boolean isAbout(int otherSlot, KeyTable keys) {
      if (key == null) {
        return true;
      }
      if (slot == KeyTable.NO_SLOT && keysSearched != keys.size()) {
        keysSearched = keys.size();
        slot = keys.slotOf(key);
      }
      return slot == otherSlot;
    }

    /** Whether a change of a count is to be told. */
    boolean crosses(long startMillis, int ofSlot, long before, long after) {
      if (before >= definition.getLimit()) {
        if (after < definition.getLimit() && after >= rearmBelow) {
          fired.computeIfAbsent(startMillis, start -> new TreeSet<>()).add(ofSlot);
        }
        return false;
      }
      if (after >= definition.getLimit()) {
        return !forget(startMillis, ofSlot);
      }
      if (after < rearmBelow) {
        forget(startMillis, ofSlot);
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
  }

  /** Takes what is remembered. */
  interface FiredConsumer {
    /** The slots, rising, of one rule in one window. */
    void accept(String rule, long startMillis, SortedSet<Integer> slots);
  }

  private List<Rule> rules = List.of();
  private Set<String> metrics = Set.of();

  /** Takes the rules of a definition. One that stays as it was keeps what it remembers. */
  void define(List<ThresholdRule> definitions) {
    List<Rule> defined = new ArrayList<>();
    Set<String> watched = new HashSet<>();
    for (ThresholdRule definition : definitions) {
      defined.add(
          rules.stream()
              .filter(rule -> rule.definition.equals(definition))
              .findFirst()
              .orElseGet(() -> new Rule(definition)));
      watched.add(definition.getMetric());
    }
    rules = defined;
    metrics = watched;
  }

  /** Whether some rule is about a metric. */
  boolean watch(String metric) {
    return !rules.isEmpty() && metrics.contains(metric);
  }

  /**
   * Tells the rules of one row that was just added.
   *
   * @param metric its cursor is on the row's buckets
   */
  void check(MetricCounts metric, RowBlock rows, int row, NamespaceCounts of, EventLog events) {
    int slot = rows.slots[row];
    for (Rule rule : rules) {
      if (!rule.definition.getMetric().equals(metric.name()) || !rule.isAbout(slot, of.keys())) {
        continue;
      }
      BucketCounts bucket = metric.current(rule.level);
      if (bucket == null) {
        continue;
      }
      long count = bucket.get(slot);
      if (rule.crosses(bucket.startMillis(), slot, count - rows.deltas[row], count)) {
        events.thresholdExceeded(
            of.name(),
            rule.definition,
            of.keys().key(slot),
            bucket.startMillis(),
            count,
            rows.timesMillis[row]);
      }
    }
  }

  /**
   * Forgets windows that are not kept any more.
   *
   * @param isKept whether a metric has a bucket of a level and start
   */
  void retain(String metric, BiPredicate<WindowLevel, Long> isKept) {
    for (Rule rule : rules) {
      if (rule.definition.getMetric().equals(metric)) {
        rule.fired.keySet().removeIf(start -> !isKept.test(rule.level, start));
      }
    }
  }

  /** All that is remembered, by rule and window. */
  void forEachFired(FiredConsumer consumer) {
    for (Rule rule : rules) {
      rule.fired.forEach(
          (start, slots) -> consumer.accept(rule.definition.getName(), start, slots));
    }
  }

  /**
   * Adds what a snapshot says.
   *
   * @throws IllegalArgumentException if there is no such rule
   */
  void restoreFired(String name, long startMillis, List<Integer> slots) {
    Rule rule =
        rules.stream()
            .filter(each -> each.definition.getName().equals(name))
            .findFirst()
            .orElseThrow(
                () -> new IllegalArgumentException("the snapshot has an unknown rule: " + name));
    rule.fired.computeIfAbsent(startMillis, start -> new TreeSet<>()).addAll(slots);
  }
}
