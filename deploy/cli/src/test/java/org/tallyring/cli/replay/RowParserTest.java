package org.tallyring.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class RowParserTest {

  private final StringWriter err = new StringWriter();
  private final Rejections rejections = new Rejections(new PrintWriter(err), "");
  private final List<Row> rows = new ArrayList<>();
  private final RowParser parser =
      new RowParser(
          "f.csv",
          TimeFormat.of("epoch_s"),
          "clicks",
          new MetricNames(),
          name -> Set.of("clicks", "views").contains(name) ? null : "metric: " + name,
          rejections,
          rows::add);

  @Test
  void aRowIsParsed() {
    parser.row(7, "größe", "1", "VIEWS", "-3", null, "ann");

    assertThat(rows)
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.where()).isEqualTo("f.csv:7");
              assertThat(new String(row.key(), StandardCharsets.UTF_8)).isEqualTo("größe");
              assertThat(new String(row.user(), StandardCharsets.UTF_8)).isEqualTo("ann");
              assertThat(row.metric()).isEqualTo("views");
              assertThat(row.delta()).isEqualTo(-3);
              assertThat(row.timeMillis()).isEqualTo(1_000);
            });
  }

  @Test
  void whatIsNotGivenHasItsDefault() {
    parser.row(1, "k", null, null, null, null, null);

    assertThat(rows)
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.metric()).isEqualTo("clicks");
              assertThat(row.delta()).isEqualTo(1);
              assertThat(row.timeMillis()).isNull();
              assertThat(row.user()).isEmpty();
            });
  }

  @Test
  void anEventIdIsReadByTheRuleForItsText() {
    parser.row(1, "k", null, null, null, "0x00ff", null);
    parser.row(2, "k", null, null, null, "order-17", null);

    assertThat(rows.get(0).eventId()).containsExactly(0, 0xff);
    assertThat(rows.get(1).eventId()).containsExactly("order-17".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void everythingThatIsWrongIsRejectedWithItsLineAndReason() {
    parser.row(1, "", "1", null, null, null, null);
    parser.row(2, "k".repeat(513), "1", null, null, null, null);
    parser.row(3, "a\u0001b", "1", null, null, null, null);
    parser.row(4, "k", "", null, null, null, null);
    parser.row(5, "k", "soon", null, null, null, null);
    parser.row(6, "k", "1", "other", null, null, null);
    parser.row(7, "k", "1", null, "0", null, null);
    parser.row(8, "k", "1", null, "", null, null);
    parser.row(9, "k", "1", null, "1.5", null, null);
    parser.row(10, "k", "1", null, "9223372036854775808", null, null);
    parser.row(11, "k", "1", null, null, "", null);
    parser.row(12, "k", "1", null, null, "12345678901234567", null);
    parser.row(13, "k", "1", null, null, null, "u".repeat(513));

    assertThat(rows).isEmpty();
    assertThat(rejections.count()).isEqualTo(13);
    assertThat(err.toString().lines())
        .hasSize(Rejections.SHOWN + 1)
        .startsWith(
            "f.csv:1: rejected: key: 0 bytes (expected: 1-512 bytes of UTF-8 without control"
                + " characters)")
        .contains("f.csv:5: rejected: time: soon (expected: epoch_s)");
  }
}
