package org.tallyring.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DateTimeException;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TimeTextTest {

  @ParameterizedTest
  @CsvSource({
    "2012-07, 2012-07-01T00:00:00Z",
    "2012-07-04, 2012-07-04T00:00:00Z",
    "2012-07-04T07, 2012-07-04T07:00:00Z",
    "2012-07-04T07Z, 2012-07-04T07:00:00Z",
    "2012-07-04T07:15, 2012-07-04T07:15:00Z",
    "2012-07-04T07:15:30, 2012-07-04T07:15:30Z",
    "2012-07-04T07:15:30Z, 2012-07-04T07:15:30Z",
    "2012-07-04T07:15:30.25Z, 2012-07-04T07:15:30.250Z",
    "2012-07-04T07:15:30+02:00, 2012-07-04T05:15:30Z",
    "2012-07-04T07:15-05, 2012-07-04T12:15:00Z",
  })
  void timesAreReadAsPeopleWriteThem(String text, Instant expected) {
    assertThat(TimeText.parse(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "2012",
        "now",
        "2012-02-30",
        "2012-13",
        "2012-07-04T24",
        "2012-07-04T07:15:30X"
      })
  void whatIsNoTimeIsRefused(String text) {
    assertThatThrownBy(() -> TimeText.parse(text)).isInstanceOf(DateTimeException.class);
  }
}
