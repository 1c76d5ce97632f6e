package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import java.util.HashSet;
import java.util.Set;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.proto.v1.Window;
import org.tallyring.topology.name.KeyRules;
import org.tallyring.topology.name.NameRules;

/** Whether threshold rules make sense. All methods fail with a status that says what does not. */
final class RuleChecks {

  private static final int MAX_RULES = 64;
  private static final long HOUR_MILLIS = 3_600_000L;
  private static final long MAX_SPAN_MILLIS = 24 * HOUR_MILLIS;
  private static final long MAX_SPAN_BUCKETS = 1_440;

  private RuleChecks() {}

  /** Checks all rules of a definition. */
  static void check(NamespaceDefinition definition) {
    Set<String> names = new HashSet<>();
    for (ThresholdRule rule : definition.getRulesList()) {
      check(rule, definition);
      if (!names.add(rule.getName())) {
        throw bad("name", rule.getName() + " twice", "distinct names");
      }
    }
    if (definition.getRulesCount() > MAX_RULES) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_RULE,
          "rules",
          "rules: " + definition.getRulesCount() + " (expected: at most " + MAX_RULES + ")");
    }
  }

  private static void check(ThresholdRule rule, NamespaceDefinition definition) {
    String violation = NameRules.violation("rule.name", rule.getName());
    if (violation != null) {
      throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, "rule.name", violation);
    }
    MetricDefinition metric =
        definition.getMetricsList().stream()
            .filter(each -> each.getName().equals(rule.getMetric()))
            .findFirst()
            .orElseThrow(() -> NamespaceDirectory.metricNotFound(definition, rule.getMetric()));
    if (metric.hasHeavyHitters()) {
      throw bad(
          "metric",
          metric.getName(),
          "another strategy than heavy_hitters: not every key has a count");
    }
    if (rule.getSpanMillis() == 0) {
      checkWindow(rule, metric);
    } else {
      checkSpan(rule, metric, Namespaces.minuteRetentionMillis(definition));
    }
    if (rule.getLimit() <= 0) {
      throw bad("limit", rule.getLimit(), "more than 0");
    }
    if (rule.hasRearmBelow() && rule.getRearmBelow() > rule.getLimit()) {
      throw bad("rearm_below", rule.getRearmBelow(), "at most the limit, " + rule.getLimit());
    }
    byte[] key = rule.getKey().toByteArray();
    if (key.length > 0) {
      String badKey = KeyRules.violation(key, 0, key.length);
      if (badKey != null) {
        throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_KEY, "rule.key", badKey);
      }
    }
  }

  private static void checkWindow(ThresholdRule rule, MetricDefinition metric) {
    switch (rule.getWindow()) {
      case WINDOW_HOUR, WINDOW_DAY, WINDOW_MONTH, WINDOW_ALL -> {}
      default -> throw bad("window", rule.getWindow(), "hour, day, month or all, or a span");
    }
    boolean isWhole =
        rule.getWindow() == Window.WINDOW_HOUR
            && metric.getSlidingWindow().getHorizonMillis() >= HOUR_MILLIS;
    if (metric.hasSlidingWindow() && rule.getWindow() != Window.WINDOW_ALL && !isWhole) {
      throw bad(
          "window",
          rule.getWindow(),
          "all, a span, or an hour with a horizon of an hour: sliding_window keeps no longer");
    }
  }

  private static void checkSpan(ThresholdRule rule, MetricDefinition metric, long retention) {
    if (rule.getWindow() != Window.WINDOW_UNSPECIFIED) {
      throw bad("window", rule.getWindow(), "none together with span_millis");
    }
    if (metric.hasDistinct()) {
      throw bad(
          "span_millis",
          rule.getSpanMillis(),
          "none, but a window: the metric counts distinct users");
    }
    // Each increment costs a look at every bucket of the span.
    long bucket = Namespaces.bucketWidth(metric).millis();
    long longest =
        metric.hasSlidingWindow()
            ? metric.getSlidingWindow().getHorizonMillis()
            : Math.min(Math.min(MAX_SPAN_MILLIS, retention), MAX_SPAN_BUCKETS * bucket);
    if (rule.getSpanMillis() < bucket || rule.getSpanMillis() > longest) {
      throw bad("span_millis", rule.getSpanMillis(), bucket + ".." + longest + ", for this metric");
    }
    if (rule.hasRearmBelow() && rule.getRearmBelow() < 1) {
      throw bad("rearm_below", rule.getRearmBelow(), "at least 1 for a span");
    }
  }

  /** No rule has the name. */
  static RuntimeException notFound(String name) {
    return Errors.of(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_BAD_RULE,
        "name: " + name + " (expected: the name of a rule of the namespace)");
  }

  private static RuntimeException bad(String field, Object value, String expected) {
    return Errors.invalid(
        ErrorReason.ERROR_REASON_BAD_RULE,
        "rule." + field,
        "rule." + field + ": " + value + " (expected: " + expected + ")");
  }
}
