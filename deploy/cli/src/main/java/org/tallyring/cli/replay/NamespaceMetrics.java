package org.tallyring.cli.replay;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.topology.name.NameRules;

/**
 * The metrics of a namespace as read once, and those made since. Answers are remembered, so a
 * metric costs one call however many rows it has. Not thread-safe.
 */
final class NamespaceMetrics implements Metrics {

  /** Makes metrics. */
  interface Creator {
    /**
     * Makes a metric; does nothing if it exists.
     *
     * @throws org.tallyring.cli.failure.CliException if that fails
     */
    void create(String metric);
  }

  /**
   * A column with more different names than this is not one of metrics. It also bounds what is
   * remembered, and what {@code --create} can do to a cluster when given the wrong column.
   */
  static final int MAX_METRICS = 1_000;

  private static final String USABLE = "";

  private final String existing;
  private final @Nullable Creator creator;

  /** For each name asked for, {@link #USABLE} or why it is not. */
  private final Map<String, String> answers = new HashMap<>();

  private int created;

  /**
   * Makes the picture of a namespace.
   *
   * @param creator makes what is missing; null if nothing is to be made
   */
  NamespaceMetrics(NamespaceDefinition namespace, @Nullable Creator creator) {
    StringBuilder names = new StringBuilder();
    for (MetricDefinition metric : namespace.getMetricsList()) {
      answers.put(metric.getName(), USABLE);
      names.append(names.isEmpty() ? "" : ", ").append(metric.getName());
    }
    this.existing = names.toString();
    this.creator = creator;
  }

  @Override
  public @Nullable String require(String name) {
    String answer = answers.get(name);
    if (answer == null) {
      answer = answer(name);
      if (answers.size() < 2 * MAX_METRICS || answer.isEmpty()) {
        answers.put(name, answer);
      }
    }
    return answer.isEmpty() ? null : answer;
  }

  private String answer(String name) {
    String violation = NameRules.violation("metric", name);
    if (violation != null) {
      return violation;
    }
    if (creator == null) {
      return "metric: " + name + " (expected: one of " + existing + "; --create makes others)";
    }
    if (created == MAX_METRICS) {
      return "metric: " + name + " (expected: at most " + MAX_METRICS + " new ones)";
    }
    creator.create(name);
    created++;
    return USABLE;
  }
}
