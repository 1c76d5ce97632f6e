package org.tallyring.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CombinedLogReaderTest {

  private static final String START = "83.149.9.216 - - [17/May/2015:10:05:03 +0000] ";
  private static final String END = " 200 203023 \"http://a/\" \"Mozilla/5.0 (X; [y])\"";

  @Test
  void theTargetIsTheKeyAndTheMethodTheMetric() {
    assertThat(read(START + "\"GET /a/b.png?x=1&y=%20 HTTP/1.1\"" + END).rows)
        .containsExactly("1|/a/b.png?x=1&y=%20|17/May/2015:10:05:03 +0000|GET|null");
  }

  @Test
  void theCommonFormatAndUsersWithSpacesAreRead() {
    assertThat(read("::1 - some one [17/May/2015:10:05:03 +0200] \"HEAD / HTTP/2.0\" 200 -").rows)
        .containsExactly("1|/|17/May/2015:10:05:03 +0200|HEAD|null");
  }

  @Test
  void escapedQuotesAndSpacesAreLeftInTheTarget() {
    assertThat(read(START + "\"GET /a\\\"b c\\\\ HTTP/1.1\"" + END).rows)
        .containsExactly("1|/a\\\"b c\\\\|17/May/2015:10:05:03 +0000|GET|null");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"-\"",
        "\"\"",
        "\"GET\"",
        "\"GET /\"",
        "\"GET  HTTP/1.1\"",
        "\"GET / HTTP/\"",
        "\"GET / SPDY/1\"",
        "\" / HTTP/1.1\"",
        "\"\\x16\\x03\\x01 / HTTP/1.1\"",
        "\"GET / HTTP/1.1",
        "GET / HTTP/1.1",
      })
  void aMalformedRequestIsRejected(String request) {
    ReadRows read = read(START + request);

    assertThat(read.rows).isEmpty();
    assertThat(read.rejectedLines()).containsExactly(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x", "[", " [", "a - - [17/May/2015:10:05:03 +0000", "a \"GET / HTTP/1.1\""})
  void aLineThatIsNoLogLineIsRejected(String line) {
    assertThat(read(line).rejectedLines()).containsExactly(1);
  }

  private static ReadRows read(String line) {
    return ReadRows.of(new CombinedLogReader(), line + "\n");
  }
}
