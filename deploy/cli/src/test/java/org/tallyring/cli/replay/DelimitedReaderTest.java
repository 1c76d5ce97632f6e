package org.tallyring.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tallyring.cli.failure.CliException;

final class DelimitedReaderTest {

  @Test
  void columnsAreFoundByNameOrNumber() {
    String file = "user,brand,type,day\n1,b7,0,6-4\n2,b8,3,6-5\n";

    assertThat(ReadRows.of(csv(columns("brand", "4", "type", null)), file).rows)
        .containsExactly("2|b7|6-4|0|null", "3|b8|6-5|3|null");
  }

  @Test
  void aFileWithoutNamesStartsWithARow() {
    RowReader reader = new DelimitedReader(columns("2", "3", "4", null), ' ', true, false);

    assertThat(ReadRows.of(reader, "223789 213163 1341100972 MT\n").rows)
        .containsExactly("1|213163|1341100972|MT|null");
  }

  @Test
  void quotedFieldsMayHoldDelimitersQuotesAndLineEnds() {
    String file =
        "key,note,delta\nk1,\"a, \"\"b\"\"\",2\r\n\"k,2\",\"one\ntwo\n\nthree\",3\nk3,,4\n";

    ReadRows read = ReadRows.of(csv(columns("key", null, null, "delta")), file);

    assertThat(read.rows)
        .containsExactly("2|k1|null|null|2", "3|k,2|null|null|3", "7|k3|null|null|4");
    assertThat(read.rejected).isEmpty();
  }

  @Test
  void aQuoteInsideAnUnquotedFieldIsACharacter() {
    assertThat(ReadRows.of(csv(columns("a", null, null, null)), "a,b\n5\" pipe,x\nz\"\"y,x\n").rows)
        .containsExactly("2|5\" pipe|null|null|null", "3|z\"\"y|null|null|null");
  }

  @Test
  void namesMayBeQuotedAndFollowAByteOrderMark() {
    assertThat(
            ReadRows.of(csv(columns("the key", null, null, null)), "\uFEFF\"the key\",b\nk,x\n")
                .rows)
        .containsExactly("2|k|null|null|null");
  }

  @Test
  void aQuoteThatIsNeverClosedCostsOneLine() {
    StringBuilder file = new StringBuilder("key,n\nk1,1\n\"k2,2\n");
    for (int i = 0; i < 3 * DelimitedReader.MAX_RECORD_LINES; i++) {
      file.append("k3,").append(i).append('\n');
    }

    ReadRows read = ReadRows.of(csv(columns("key", null, null, null)), file.toString());

    assertThat(read.rows).hasSize(1 + 3 * DelimitedReader.MAX_RECORD_LINES);
    assertThat(read.rejectedLines()).containsExactly(3);
  }

  @Test
  void aQuoteThatAFarOneClosesCostsOnlyTheLinesWithQuotes() {
    String file = "key,n\n\"k1,1\nk2,2\nk3,\"3\nk4,4\n";

    ReadRows read = ReadRows.of(csv(columns("key", null, null, null)), file);

    assertThat(read.rows).containsExactly("3|k2|null|null|null", "5|k4|null|null|null");
    assertThat(read.rejectedLines()).containsExactly(2, 4);
  }

  @Test
  void textAfterAClosingQuoteIsRejected() {
    ReadRows read = ReadRows.of(csv(columns("key", null, null, null)), "key,n\n\"k1\"x,1\nk2,2\n");

    assertThat(read.rows).containsExactly("3|k2|null|null|null");
    assertThat(read.rejectedLines()).containsExactly(2);
  }

  @Test
  void rowsWithFewerOrMoreFieldsThanNamesAreRejected() {
    ReadRows read =
        ReadRows.of(csv(columns("key", null, null, null)), "key,n\nk1\nk2,1\nk3,1,2\n\"k4\",1,2\n");

    assertThat(read.rows).containsExactly("3|k2|null|null|null");
    assertThat(read.rejected)
        .containsExactly(
            "2: columns: 1 (expected: 2, one for each column name)",
            "4: columns: 3 (expected: 2, one for each column name)",
            "5: columns: 3 (expected: 2, one for each column name)");
  }

  @Test
  void withoutNamesTheFirstCompleteRowSetsTheNumberOfFields() {
    RowReader reader = new DelimitedReader(columns("2", null, null, null), '\t', false, false);

    ReadRows read = ReadRows.of(reader, "short\na\tk1\nb\tk2\tx\nc\tk3\n");

    assertThat(read.rows).containsExactly("2|k1|null|null|null", "4|k3|null|null|null");
    assertThat(read.rejected)
        .containsExactly(
            "1: columns: 1 (expected: at least 2)", "3: columns: 3 (expected: 2, as in line 2)");
  }

  @Test
  void inATsvFileAQuoteIsACharacter() {
    RowReader reader = new DelimitedReader(columns("key", null, null, null), '\t', false, true);

    assertThat(ReadRows.of(reader, "key\tn\n\"open\t1\n").rows)
        .containsExactly("2|\"open|null|null|null");
  }

  @Test
  void emptyLinesAreSkippedAndEmptyFieldsAreNot() {
    ReadRows read =
        ReadRows.of(csv(columns("key", "time", null, null)), "\nkey,time\n\n,\nk,t\n\n");

    assertThat(read.rows).containsExactly("4|||null|null", "5|k|t|null|null");
    assertThat(read.rejected).isEmpty();
  }

  @Test
  void aFileOfNothingHasNoRows() {
    ReadRows read = ReadRows.of(csv(columns("key", null, null, null)), "");

    assertThat(read.rows).isEmpty();
    assertThat(read.rejected).isEmpty();
  }

  @Test
  void moreColumnsThanUsualAreCut() {
    String names = "c,".repeat(40) + "key";
    String row = "x,".repeat(40) + "k";

    assertThat(ReadRows.of(csv(columns("key", null, null, null)), names + "\n" + row + "\n").rows)
        .containsExactly("2|k|null|null|null");
  }

  @Test
  void aColumnThatIsNotThereIsWrongUsageAndNamesThoseThatAre() {
    assertThatThrownBy(() -> ReadRows.of(csv(columns("product", null, null, null)), "key,time\n"))
        .isInstanceOf(CliException.class)
        .hasMessage("--key: product (expected: one of the columns key, time)");
    assertThatThrownBy(() -> ReadRows.of(csv(columns("3", null, null, null)), "key,time\n"))
        .hasMessage("--key: 3 (expected: 1-2, or a column's name)");
    assertThatThrownBy(() -> ReadRows.of(csv(columns("a", null, null, null)), "a,a\n"))
        .hasMessage("--key: a (expected: a number, since two columns have this name)");
    assertThatThrownBy(
            () ->
                ReadRows.of(
                    new DelimitedReader(columns("key", null, null, null), ',', true, false), "k\n"))
        .hasMessageContaining("a number from 1");
  }

  @Test
  void aLineThatIsNotUtf8InsideAQuotedFieldIsRejected() {
    byte[] file = "key,n\n\"k\nX\n\",1\nk2,2\n".getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < file.length; i++) {
      if (file[i] == 'X') {
        file[i] = (byte) 0xFF;
      }
    }

    ReadRows read = ReadRows.of(csv(columns("key", null, null, null)), file);

    assertThat(read.rejectedLines()).contains(3);
    assertThat(read.rows).contains("5|k2|null|null|null");
  }

  @Test
  void anEventIdIsAColumnLikeOthers() {
    Columns columns =
        new Columns(
            new ColumnRef("--key", "k"), null, null, null, new ColumnRef("--event-id", "id"), null);
    ReadRows read = ReadRows.of(csv(columns), "id,k\ne-1,a\n\"e,2\",b\n");

    assertThat(read.rows).containsExactly("2|a|null|null|null|e-1", "3|b|null|null|null|e,2");
  }

  private static RowReader csv(Columns columns) {
    return new DelimitedReader(columns, ',', true, true);
  }

  static Columns columns(
      String key, @Nullable String time, @Nullable String metric, @Nullable String delta) {
    return new Columns(
        new ColumnRef("--key", key),
        time == null ? null : new ColumnRef("--time", time),
        metric == null ? null : new ColumnRef("--metric-column", metric),
        delta == null ? null : new ColumnRef("--delta", delta),
        null,
        null);
  }
}
