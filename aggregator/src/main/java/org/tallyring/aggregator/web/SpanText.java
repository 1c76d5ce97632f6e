package org.tallyring.aggregator.web;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.topology.window.TimeSelection;

/**
 * Lengths of spans as people write them: {@code 1500ms}, {@code 90s}, {@code 24h}, {@code 7d},
 * {@code PT24H}.
 */
final class SpanText {

  private static final Pattern NUMBER_AND_UNIT = Pattern.compile("(\\d{1,11})(ms|[smhd])");

  private SpanText() {}

  /**
   * Reads a length.
   *
   * @param name the parameter
   * @throws io.grpc.StatusRuntimeException BAD_WINDOW, if it is none, or no span can be so long
   */
  static Duration parse(String name, String text) {
    Duration length = length(text);
    if (!TimeSelection.isSpan(length)) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_WINDOW,
          name,
          name
              + ": "
              + text
              + " (expected: "
              + TimeSelection.SPAN_RULE
              + ", as 1500ms, 90s, 60m, 24h, 7d or PT24H)");
    }
    return length;
  }

  /** The length; zero, which no span has, for any other text. */
  private static Duration length(String text) {
    Matcher matcher = NUMBER_AND_UNIT.matcher(text);
    if (matcher.matches()) {
      long amount = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "ms" -> Duration.ofMillis(amount);
        case "s" -> Duration.ofSeconds(amount);
        case "m" -> Duration.ofMinutes(amount);
        case "h" -> Duration.ofHours(amount);
        default -> Duration.ofDays(amount);
      };
    }
    try {
      return Duration.parse(text);
    } catch (DateTimeException notALength) {
      return Duration.ZERO;
    }
  }
}
