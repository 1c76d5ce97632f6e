package org.tallyring.cli;

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

/**
 * Times on the command line: {@code 2012-07}, {@code 2012-07-04}, {@code 2012-07-04T07}, {@code
 * 2012-07-04T07:15:00.5Z}, with an offset or in UTC.
 */
final class TimeText {

  private static final DateTimeFormatter FORMAT =
      new DateTimeFormatterBuilder()
          .parseCaseInsensitive()
          .appendPattern("uuuu-MM[-dd['T'HH[:mm[:ss]]]]")
          .optionalStart()
          .appendFraction(ChronoField.NANO_OF_SECOND, 1, 9, true)
          .optionalEnd()
          .appendPattern("[XXX][X]")
          .parseDefaulting(ChronoField.DAY_OF_MONTH, 1)
          .parseDefaulting(ChronoField.HOUR_OF_DAY, 0)
          .parseDefaulting(ChronoField.MINUTE_OF_HOUR, 0)
          .parseDefaulting(ChronoField.SECOND_OF_MINUTE, 0)
          .toFormatter(Locale.ROOT)
          .withResolverStyle(ResolverStyle.STRICT);

  private TimeText() {}

  /**
   * Reads a time.
   *
   * @throws DateTimeException if it is none
   */
  static Instant parse(String text) {
    TemporalAccessor parsed = FORMAT.parse(text);
    ZoneId zone = parsed.query(TemporalQueries.zone());
    return LocalDateTime.from(parsed).atZone(zone == null ? ZoneOffset.UTC : zone).toInstant();
  }
}
