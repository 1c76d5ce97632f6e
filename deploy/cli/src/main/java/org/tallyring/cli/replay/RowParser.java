package org.tallyring.cli.replay;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.name.EventIdRules;
import org.tallyring.topology.name.KeyRules;

/**
 * Makes increments of the text that a {@link RowReader} found in one file: checks keys, reads
 * times, deltas and event ids, maps metric names. What is wrong is rejected here, where the line is
 * known, so that next to nothing is left for the cluster to refuse. Not thread-safe.
 */
final class RowParser implements RowHandler {

  private static final byte[] NOBODY = {};

  private final String file;
  private final @Nullable TimeFormat timeFormat;
  private final String defaultMetric;
  private final MetricNames metricNames;
  private final Metrics metrics;
  private final Rejections rejections;
  private final Predicate<Row> consumer;
  private boolean stopped;

  /**
   * Makes a parser.
   *
   * @param file its name, for messages
   * @param timeFormat how times are written; null if there are none
   * @param defaultMetric the metric of rows that do not say
   * @param consumer takes the rows; answers false when it takes no more
   */
  RowParser(
      String file,
      @Nullable TimeFormat timeFormat,
      String defaultMetric,
      MetricNames metricNames,
      Metrics metrics,
      Rejections rejections,
      Predicate<Row> consumer) {
    this.file = file;
    this.timeFormat = timeFormat;
    this.defaultMetric = defaultMetric;
    this.metricNames = metricNames;
    this.metrics = metrics;
    this.rejections = rejections;
    this.consumer = consumer;
  }

  /** Whether the consumer takes no more. */
  boolean stopped() {
    return stopped;
  }

  @Override
  public void row(
      long line,
      String key,
      @Nullable String time,
      @Nullable String metric,
      @Nullable String delta,
      @Nullable String eventId,
      @Nullable String user) {
    byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
    String violation = KeyRules.violation(keyBytes, 0, keyBytes.length);
    if (violation != null) {
      rejected(line, violation);
      return;
    }
    byte[] userBytes = user == null ? NOBODY : user.getBytes(StandardCharsets.UTF_8);
    violation =
        userBytes.length == 0 ? null : KeyRules.violation("user", userBytes, 0, userBytes.length);
    if (violation != null) {
      rejected(line, violation);
      return;
    }
    Long timeMillis = null;
    if (timeFormat != null && time != null) {
      try {
        timeMillis = timeFormat.millis(time);
      } catch (DateTimeException e) {
        rejected(line, String.valueOf(e.getMessage()));
        return;
      }
    }
    String metricName = metric == null ? defaultMetric : metricNames.nameOf(metric);
    violation = metrics.require(metricName);
    if (violation != null) {
      rejected(line, violation);
      return;
    }
    long amount = delta == null ? 1 : amount(delta);
    if (amount == 0) {
      rejected(line, "delta: " + delta + " (expected: a whole number other than 0)");
      return;
    }
    byte[] id = eventId == null ? null : EventIdRules.parse(eventId);
    if (eventId != null && id == null) {
      rejected(line, "event id: " + eventId + " (expected: " + EventIdRules.TEXT_RULE + ")");
      return;
    }
    stopped |=
        !consumer.test(
            new Row(file, line, keyBytes, userBytes, metricName, amount, timeMillis, id));
  }

  @Override
  public void rejected(long line, String reason) {
    rejections.add(file + ":" + line, reason);
  }

  /** The delta, or 0, which no delta can be, if the text is no number. */
  private static long amount(String text) {
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
