package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.shardserver.engine.strategy.FreezableTree;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/*
 * Which span
 * ----------
 * An increment is looked at in the span that ends with the finest bucket that contains its event time,
 * whatever the watermark is: so what is told does not depend on how the increments were cut into
 * batches, nor on a producer that is ahead of the others, and a producer that lags is judged all the
 * same.
 *
 * What has to be remembered
 * -------------------------
 * The count of a span falls without any increment, so whether a rule was told does not follow from the
 * count. Every key told of is remembered, with the latest end of a span in which it was told or stayed
 * at the mark or above. Only an increment whose span ends there or later can arm the rule again: an
 * older one says nothing about a count that has fallen since, and must not be told of the same
 * crossing. The rule is armed if the count without the increment is below the mark: between two
 * increments the count only falls, so that it was at its lowest just before the second.
 *
 * The rule is armed, too, once what is kept begins at the end remembered or later, and the key is
 * forgotten: no span that is still looked at holds anything from before. So what is remembered does
 * not outlive the buckets.
 */

/** A rule about sliding spans. */
final class SpanWatch extends RuleWatch {

  private final long spanMillis;

  /** The keys told of, with the latest end of a span in which they were or stayed so. */
  private final FreezableTree<Long> told = new FreezableTree<>(UnaryOperator.identity());

  SpanWatch(ThresholdRule rule) {
    super(rule);
    spanMillis = rule.getSpanMillis();
  }

  /**
   * A view, which stays the same, of the slots told of, each with the latest end of a span in which
   * it was or stayed so.
   */
  FreezableTree<Long> frozenTold() {
    return told.frozen();
  }

  /** Adds what a snapshot says. */
  void restore(int slot, long endMillis) {
    told.put(slot, endMillis);
  }

  @Override
  @Nullable Interval time(MetricCounts metric, long eventTimeMillis) {
    Interval span = spanOf(metric, eventTimeMillis);
    return metric.keeps(span) ? span : null;
  }

  private Interval spanOf(MetricCounts metric, long timeMillis) {
    WindowLevel finest = WindowLevel.MINUTE;
    BucketWidth width = metric.bucketWidth();
    long end = width.end(finest, width.start(finest, timeMillis));
    return new Interval(finest, width, width.start(finest, end - spanMillis), end);
  }

  @Override
  long count(MetricCounts metric, Interval time, int ofSlot) {
    return metric.count(time, ofSlot);
  }

  @Override
  boolean crosses(MetricCounts metric, Interval time, int ofSlot, long before, long after) {
    long end = time.endMillis();
    Long toldAt = told.get(ofSlot);
    if (toldAt != null && toldAt <= metric.finestKeptFrom()) {
      toldAt = null;
    }
    if (toldAt != null && end < toldAt) {
      return false;
    }
    boolean armed = toldAt == null || before < rearmBelow();
    if (after >= (armed ? limit() : rearmBelow())) {
      told.put(ofSlot, end);
      return armed;
    }
    told.remove(ofSlot);
    return false;
  }

  @Override
  void begin(NamespaceCounts namespace) {
    MetricCounts metric = namespace.metric(rule().getMetric());
    if (metric == null || namespace.watermarkMillis() == Long.MIN_VALUE) {
      return;
    }
    Interval span = spanOf(metric, namespace.watermarkMillis());
    if (metric.keeps(span)) {
      IntervalCounts.of(namespace, rule().getMetric(), span)
          .forEach(
              (slot, count) -> {
                if (count >= limit() && isAbout(slot, namespace.keys())) {
                  told.put(slot, span.endMillis());
                }
              });
    }
  }

  @Override
  void retire(MetricCounts metric) {
    long keptFrom = metric.finestKeptFrom();
    List<Integer> outlived = new ArrayList<>();
    told.forEach(
        (slot, end) -> {
          if (end <= keptFrom) {
            outlived.add(slot);
          }
        });
    outlived.forEach(told::remove);
  }
}
