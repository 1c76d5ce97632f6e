package org.tallyring.cli.replay;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;

/**
 * How a file writes times. Times without a zone are in UTC.
 *
 * <p>In a pattern, what is missing is the earliest: the year 1970, January, the first day,
 * midnight. Dates are checked strictly, so {@code 02-30} is an error, and so is {@code 02-29}
 * without a year, because 1970 had none.
 */
final class TimeFormat {

  /** The rule, for messages. */
  static final String RULE =
      "epoch_s, epoch_ms, iso, or a pattern of java.time such as 'yyyy-MM-dd HH:mm:ss'";

  private static final DateTimeFormatter ISO =
      new DateTimeFormatterBuilder()
          .parseCaseInsensitive()
          .append(DateTimeFormatter.ISO_LOCAL_DATE)
          .optionalStart()
          .appendPattern("['T'][ ]")
          .append(DateTimeFormatter.ISO_LOCAL_TIME)
          .optionalStart()
          .appendPattern("[XXX][XX][X]")
          .optionalEnd()
          .optionalEnd()
          .parseDefaulting(ChronoField.HOUR_OF_DAY, 0)
          .parseDefaulting(ChronoField.MINUTE_OF_HOUR, 0)
          .toFormatter(Locale.ROOT)
          .withResolverStyle(ResolverStyle.STRICT);

  private interface Parser {
    long millis(String text);
  }

  private final String name;
  private final Parser parser;

  /** Rows near each other often have the same time; a pattern costs about a microsecond. */
  private @Nullable String lastText;

  private long lastMillis;

  private TimeFormat(String name, Parser parser) {
    this.name = name;
    this.parser = parser;
  }

  /**
   * The format that the command line asks for.
   *
   * @throws CliException if it is none
   */
  static TimeFormat of(String text) {
    return switch (text) {
      case "epoch_s" -> new TimeFormat(text, time -> epoch(time, 3));
      case "epoch_ms" -> new TimeFormat(text, time -> epoch(time, 0));
      case "iso" -> new TimeFormat(text, time -> millis(ISO, time));
      default -> {
        DateTimeFormatter pattern = pattern(text);
        yield new TimeFormat(text, time -> millis(pattern, time));
      }
    };
  }

  /**
   * Milliseconds since 1970-01-01T00:00:00Z.
   *
   * @throws DateTimeException if the text is not such a time; its message says so
   */
  long millis(String text) {
    if (text.equals(lastText)) {
      return lastMillis;
    }
    String time = text.strip();
    if (time.isEmpty()) {
      throw new DateTimeException("time: empty (expected: " + name + ")");
    }
    long millis;
    try {
      millis = parser.millis(time);
    } catch (DateTimeException | ArithmeticException | NumberFormatException e) {
      throw new DateTimeException("time: " + time + " (expected: " + name + ")", e);
    }
    lastText = text;
    lastMillis = millis;
    return millis;
  }

  /** Fractions are cut to milliseconds, towards the past. */
  private static long epoch(String text, int scale) {
    boolean plain = text.length() <= 15 && text.indexOf('.') < 0;
    if (plain) {
      return Math.multiplyExact(Long.parseLong(text), scale == 3 ? 1_000L : 1L);
    }
    // An exponent would let nine characters stand for a number with a billion digits.
    if (text.length() > 40 || text.indexOf('e') >= 0 || text.indexOf('E') >= 0) {
      throw new NumberFormatException(text);
    }
    return new BigDecimal(text)
        .movePointRight(scale)
        .setScale(0, RoundingMode.FLOOR)
        .longValueExact();
  }

  private static long millis(DateTimeFormatter formatter, String text) {
    TemporalAccessor parsed = formatter.parse(text);
    ZoneId zone = parsed.query(TemporalQueries.zone());
    LocalDateTime local = LocalDateTime.from(parsed);
    Instant instant = local.atZone(zone == null ? ZoneOffset.UTC : zone).toInstant();
    return instant.toEpochMilli();
  }

  private static DateTimeFormatter pattern(String pattern) {
    DateTimeFormatterBuilder builder = new DateTimeFormatterBuilder();
    try {
      builder.appendPattern(pattern);
    } catch (IllegalArgumentException e) {
      throw CliException.usage("--time-format", pattern, RULE);
    }
    String letters = lettersOf(pattern);
    if (letters.isEmpty()) {
      throw CliException.usage("--time-format", pattern, RULE);
    }
    if (!containsAny(letters, "yuYg")) {
      builder.parseDefaulting(ChronoField.YEAR, 1970);
    }
    if (containsAny(letters, "y") && !containsAny(letters, "G")) {
      // "yyyy" is the year of an era, which a strict resolver wants to know.
      builder.parseDefaulting(ChronoField.ERA, 1);
    }
    if (!containsAny(letters, "MLDwWQqg")) {
      builder.parseDefaulting(ChronoField.MONTH_OF_YEAR, 1);
    }
    if (!containsAny(letters, "dDeEcFg")) {
      builder.parseDefaulting(ChronoField.DAY_OF_MONTH, 1);
    }
    if (containsAny(letters, "hK")) {
      if (!containsAny(letters, "a")) {
        builder.parseDefaulting(ChronoField.AMPM_OF_DAY, 0);
      }
    } else if (!containsAny(letters, "HkAN")) {
      builder.parseDefaulting(ChronoField.HOUR_OF_DAY, 0);
    }
    if (!containsAny(letters, "mAN")) {
      builder.parseDefaulting(ChronoField.MINUTE_OF_HOUR, 0);
    }
    return builder.toFormatter(Locale.ENGLISH).withResolverStyle(ResolverStyle.STRICT);
  }

  /** The letters of a pattern that stand for something, without quoted text. */
  private static String lettersOf(String pattern) {
    StringBuilder letters = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c == '\'') {
        quoted = !quoted;
      } else if (!quoted && Character.isLetter(c)) {
        letters.append(c);
      }
    }
    return letters.toString();
  }

  private static boolean containsAny(String letters, String wanted) {
    return letters.chars().anyMatch(c -> wanted.indexOf(c) >= 0);
  }
}
