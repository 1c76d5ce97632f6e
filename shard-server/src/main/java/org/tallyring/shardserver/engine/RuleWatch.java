package org.tallyring.shardserver.engine;

import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.topology.window.Interval;

/** One threshold rule of a namespace, and what has to be remembered to tell each crossing once. */
abstract class RuleWatch {

  private final ThresholdRule rule;
  private final byte @Nullable [] key;
  private final long rearmBelow;

  /** The slot of the only key that the rule is about, once that has one. */
  private int slot = KeyTable.NO_SLOT;

  /** How many keys there were when that was looked for last. */
  private int keysSearched;

  RuleWatch(ThresholdRule rule) {
    this.rule = rule;
    key = rule.getKey().isEmpty() ? null : rule.getKey().toByteArray();
    rearmBelow = rule.hasRearmBelow() ? rule.getRearmBelow() : rule.getLimit();
  }

  /** The watch of a rule that was just made. */
  static RuleWatch of(ThresholdRule rule) {
    return rule.getSpanMillis() == 0 ? new WindowWatch(rule) : new SpanWatch(rule);
  }

  ThresholdRule rule() {
    return rule;
  }

  long limit() {
    return rule.getLimit();
  }

  /** Below this a count has to fall before the rule is told of it again. */
  long rearmBelow() {
    return rearmBelow;
  }

  /** Whether the rule is about a key. */
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

  /**
   * The time whose count is looked at when an increment comes; null if nothing is kept of it.
   *
   * @param metric its cursor is on the increment's buckets
   */
  abstract @Nullable Interval time(MetricCounts metric, long eventTimeMillis);

  /** The count of a key there. */
  abstract long count(MetricCounts metric, Interval time, int ofSlot);

  /**
   * Takes in the change of a count by one increment.
   *
   * @return whether it is to be told
   */
  abstract boolean crosses(MetricCounts metric, Interval time, int ofSlot, long before, long after);

  /** Takes counts that are at the limit when the rule is made for told: nothing crosses there. */
  abstract void begin(NamespaceCounts namespace);

  /** Forgets what is about time that is not kept any more, where nothing is told. */
  abstract void retire(MetricCounts metric);
}
