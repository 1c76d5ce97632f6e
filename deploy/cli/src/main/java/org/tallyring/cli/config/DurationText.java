package org.tallyring.cli.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tallyring.cli.failure.CliException;

/** Spans of time as people write them: {@code 500ms}, {@code 60s}, {@code 10m}, {@code 1h}. */
public final class DurationText {

  /** The rule, for messages. */
  public static final String RULE = "a number with ms, s, m, h or d, for example 60s";

  private static final Pattern PATTERN = Pattern.compile("(\\d{1,12})(ms|s|m|h|d)");

  private DurationText() {}

  /**
   * Reads a span.
   *
   * @param name what it is for, for the message
   * @throws CliException if it is not a span
   */
  public static Duration parse(String name, String text) {
    Matcher matcher = PATTERN.matcher(text);
    if (!matcher.matches()) {
      throw CliException.usage(name, text, RULE);
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      case "h" -> Duration.ofHours(amount);
      default -> Duration.ofDays(amount);
    };
  }

  /** The shortest text that {@link #parse} reads as this span; spans are whole milliseconds. */
  public static String format(Duration duration) {
    long millis = duration.toMillis();
    if (millis % 1_000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1_000;
    if (seconds == 0 || seconds % 60 != 0) {
      return seconds + "s";
    }
    if (seconds % 3_600 != 0) {
      return seconds / 60 + "m";
    }
    return seconds % 86_400 == 0 ? seconds / 86_400 + "d" : seconds / 3_600 + "h";
  }
}
