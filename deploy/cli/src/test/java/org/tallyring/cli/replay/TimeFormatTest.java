package org.tallyring.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DateTimeException;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tallyring.cli.failure.CliException;

final class TimeFormatTest {

  @ParameterizedTest
  @CsvSource({
    "epoch_s, 1341100972, 2012-07-01T00:02:52Z",
    "epoch_s, 1341100972.5, 2012-07-01T00:02:52.500Z",
    "epoch_s, -1, 1969-12-31T23:59:59Z",
    "epoch_s, -0.0001, 1969-12-31T23:59:59.999Z",
    "epoch_ms, 1341100972123, 2012-07-01T00:02:52.123Z",
    "iso, 2015-09-11T00:46:58.771Z, 2015-09-11T00:46:58.771Z",
    "iso, 2015-09-11T00:46:58+02:00, 2015-09-10T22:46:58Z",
    "iso, 2015-09-11T00:46:58+0200, 2015-09-10T22:46:58Z",
    "iso, 2015-09-11T00:46:58-05, 2015-09-11T05:46:58Z",
    "iso, 2015-09-11T00:46:58, 2015-09-11T00:46:58Z",
    "iso, 2015-09-11 00:46:58.123456, 2015-09-11T00:46:58.123Z",
    "iso, 2015-09-11T00:46, 2015-09-11T00:46:00Z",
    "iso, 2015-09-11, 2015-09-11T00:00:00Z",
    "M-d, 6-4, 1970-06-04T00:00:00Z",
    "MM-dd, 08-15, 1970-08-15T00:00:00Z",
    "yyyy-MM-dd HH:mm:ss, 2012-02-29 23:59:59, 2012-02-29T23:59:59Z",
    "uuuu-MM-dd HH:mm, 2012-02-29 23:59, 2012-02-29T23:59:00Z",
    "dd/MMM/yyyy:HH:mm:ss Z, 17/May/2015:10:05:03 +0200, 2015-05-17T08:05:03Z",
    "yyyyMMdd hh a, 20120704 03 PM, 2012-07-04T15:00:00Z",
    "yyyyMMdd hh, 20120704 03, 2012-07-04T03:00:00Z",
    "yyyy, 2012, 2012-01-01T00:00:00Z",
    "'day' yyyy-DDD, day 2012-060, 2012-02-29T00:00:00Z",
    "HH:mm, 07:30, 1970-01-01T07:30:00Z",
  })
  void aTimeIsReadAsItIsWritten(String format, String text, Instant expected) {
    assertThat(Instant.ofEpochMilli(TimeFormat.of(format).millis(text))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "epoch_s, yesterday",
    "epoch_s, 1e9",
    "epoch_s, 99999999999999999999",
    "epoch_s, 9223372036854775807",
    "epoch_ms, 12:30",
    "epoch_ms, ''",
    "iso, ''",
    "iso, ' '",
    "iso, 2015-02-30T00:00:00Z",
    "iso, 2015-13-01",
    "iso, 2015-01-01T24:00:00Z",
    "iso, 2015-01-01T00:00:00X",
    "M-d, 2-30",
    "M-d, 2-29",
    "M-d, 13-1",
    "yyyy-MM-dd, 2012-07-04 12:00",
  })
  void whatIsNoSuchTimeIsSaid(String format, String text) {
    TimeFormat time = TimeFormat.of(format);

    assertThatThrownBy(() -> time.millis(text))
        .isInstanceOf(DateTimeException.class)
        .hasMessageStartingWith("time: ")
        .hasMessageContaining("(expected: " + format + ")");
  }

  @Test
  void aTimeReadTwiceIsTheSameAndAFailureIsNotRemembered() {
    TimeFormat time = TimeFormat.of("iso");

    assertThat(time.millis("2012-07-04")).isEqualTo(time.millis("2012-07-04"));
    assertThatThrownBy(() -> time.millis("no")).isInstanceOf(DateTimeException.class);
    assertThatThrownBy(() -> time.millis("no")).isInstanceOf(DateTimeException.class);
  }

  @ParameterizedTest
  @CsvSource({"epoch", "''", "jjj", "'''quoted'''"})
  void whatIsNoFormatIsWrongUsage(String format) {
    assertThatThrownBy(() -> TimeFormat.of(format)).isInstanceOf(CliException.class);
  }
}
