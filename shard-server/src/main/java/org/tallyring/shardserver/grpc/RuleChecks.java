package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import java.util.HashSet;
import java.util.Set;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.topology.name.KeyRules;
import org.tallyring.topology.name.NameRules;

/** Whether threshold rules make sense. All methods fail with a status that says what does not. */
final class RuleChecks {

  private static final int MAX_RULES = 64;

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
    if (definition.getMetricsList().stream()
        .map(MetricDefinition::getName)
        .noneMatch(rule.getMetric()::equals)) {
      throw NamespaceDirectory.metricNotFound(definition, rule.getMetric());
    }
    switch (rule.getWindow()) {
      case WINDOW_HOUR, WINDOW_DAY, WINDOW_MONTH, WINDOW_ALL -> {}
      default -> throw bad("window", rule.getWindow(), "hour, day, month or all");
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
