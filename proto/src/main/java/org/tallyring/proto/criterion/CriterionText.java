package org.tallyring.proto.criterion;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tallyring.proto.v1.MetricFilter;
import org.tallyring.proto.v1.MetricFilter.Comparison;
import org.tallyring.proto.v1.ScoreTerm;

/**
 * Reads conditions ({@code purchases>=10,views<1000}) and scores ({@code 0.1*views+1*clicks}) and
 * writes scores. The one parser of these texts, for the REST interface and the command line.
 *
 * <p>Terms are joined by {@code +} only, since a minus may be a part of a metric's name; a negative
 * weight is written {@code views+-2*returns}. Whether metrics exist, and how many parts there may
 * be, is for the server to say. Stateless and thread-safe.
 *
 * <p>All methods that read fail with an {@link IllegalArgumentException} of the form {@code name:
 * value (expected: rule)}.
 */
public final class CriterionText {

  /** How many digits a weight may have after the point. */
  public static final int SCALE = 6;

  private static final Pattern FILTER =
      Pattern.compile("([a-z0-9][a-z0-9_-]*)(>=|<=|>|<|=)(-?[0-9]{1,19})");
  private static final Pattern TERM =
      Pattern.compile("(-?[0-9]{1,10}(?:\\.[0-9]{1,6})?)\\*([a-z0-9][a-z0-9_-]*)");

  private CriterionText() {}

  /** The names of a list: {@code views,purchases}. */
  public static List<String> names(String text) {
    return parts(text, ',');
  }

  /** The conditions of a list. */
  public static List<MetricFilter> filters(String text) {
    return parts(text, ',').stream().map(CriterionText::filter).toList();
  }

  /** The terms of a score. */
  public static List<ScoreTerm> score(String text) {
    return parts(text, '+').stream().map(CriterionText::term).toList();
  }

  /** A score as a number: 1,500,000 millionths are 1.5. Exact. */
  public static BigDecimal decimal(long micros) {
    BigDecimal exact = BigDecimal.valueOf(micros, SCALE).stripTrailingZeros();
    return exact.scale() < 0 ? exact.setScale(0) : exact;
  }

  private static List<String> parts(String text, char separator) {
    List<String> parts = new ArrayList<>();
    Arrays.stream(text.split(Pattern.quote(String.valueOf(separator)), -1)).forEach(parts::add);
    return parts;
  }

  private static MetricFilter filter(String text) {
    Matcher matcher = FILTER.matcher(text);
    if (matcher.matches()) {
      try {
        return MetricFilter.newBuilder()
            .setMetric(matcher.group(1))
            .setComparison(comparison(matcher.group(2)))
            .setValue(Long.parseLong(matcher.group(3)))
            .build();
      } catch (NumberFormatException tooLarge) {
        // Told below.
      }
    }
    throw new IllegalArgumentException(
        "where: "
            + text
            + " (expected: a metric, one of >= <= > < =, and a whole number of 64 bits)");
  }

  private static Comparison comparison(String sign) {
    return switch (sign) {
      case ">=" -> Comparison.COMPARISON_AT_LEAST;
      case "<=" -> Comparison.COMPARISON_AT_MOST;
      case ">" -> Comparison.COMPARISON_ABOVE;
      case "<" -> Comparison.COMPARISON_BELOW;
      default -> Comparison.COMPARISON_EQUAL;
    };
  }

  private static ScoreTerm term(String text) {
    Matcher matcher = TERM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "score: "
              + text
              + " (expected: terms such as 0.1*views joined by +, weights with at most "
              + SCALE
              + " digits after the point)");
    }
    return ScoreTerm.newBuilder()
        .setWeightMicros(new BigDecimal(matcher.group(1)).scaleByPowerOfTen(SCALE).longValueExact())
        .setMetric(matcher.group(2))
        .build();
  }
}
