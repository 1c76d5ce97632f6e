package org.tallyring.cli;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.tallyring.cli.config.DurationText;
import org.tallyring.cli.failure.CliException;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.Retention;

/** Retention as people write it: {@code minute=26h,hour=40d,day=400d}, each level once or never. */
final class RetentionText {

  private static final String RULE = "minute, hour or day, each once, with =SPAN: hour=400d";

  private RetentionText() {}

  /**
   * Reads what is given, level by level.
   *
   * @param name the option, for messages
   * @throws CliException if a level is unknown or twice, or a span is none
   */
  static Retention parse(String name, List<String> parts) {
    Retention.Builder retention = Retention.newBuilder();
    Set<String> levels = new HashSet<>();
    for (String part : parts) {
      String[] levelAndSpan = part.split("=", 2);
      String level = levelAndSpan[0];
      if (levelAndSpan.length < 2 || !levels.add(level)) {
        throw CliException.usage(name, part, RULE);
      }
      long millis = DurationText.parse(name, levelAndSpan[1]).toMillis();
      switch (level) {
        case "minute" -> retention.setMinuteMillis(millis);
        case "hour" -> retention.setHourMillis(millis);
        case "day" -> retention.setDayMillis(millis);
        default -> throw CliException.usage(name, part, RULE);
      }
    }
    return retention.build();
  }

  /** What holds for a namespace, defaults included. */
  static String format(NamespaceDefinition namespace) {
    return "minute="
        + text(Namespaces.minuteRetentionMillis(namespace))
        + ",hour="
        + text(Namespaces.hourRetentionMillis(namespace))
        + ",day="
        + text(Namespaces.dayRetentionMillis(namespace));
  }

  private static String text(long millis) {
    return DurationText.format(Duration.ofMillis(millis));
  }
}
