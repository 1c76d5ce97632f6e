package org.tallyring.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonLinesReaderTest {

  private final RowReader reader =
      new JsonLinesReader(DelimitedReaderTest.columns("page", "time", "isNew", "delta"));

  @Test
  void fieldsAreTakenByNameWhateverElseThereIs() {
    String line =
        "{\"time\":\"2015-09-11T00:46:58.771Z\",\"x\":{\"page\":1,\"y\":[{}]},\"isNew\":false,"
            + "\"page\":\"Talk:Ä \\\"q\\\" \\u00e9\",\"delta\":36,\"none\":null}";

    assertThat(ReadRows.of(reader, line + "\n").rows)
        .containsExactly("1|Talk:Ä \"q\" é|2015-09-11T00:46:58.771Z|false|36");
  }

  @Test
  void numbersAreTakenAsTheyAreWritten() {
    RowReader ids = new JsonLinesReader(DelimitedReaderTest.columns("id", null, null, null));

    assertThat(ReadRows.of(ids, "{\"id\":-36434446443648449599}\n{\"id\":1.10}\n").rows)
        .containsExactly("1|-36434446443648449599|null|null|null", "2|1.10|null|null|null");
  }

  @Test
  void aPathLeadsIntoObjects() {
    RowReader path = new JsonLinesReader(DelimitedReaderTest.columns("item.id", null, null, null));

    assertThat(ReadRows.of(path, "{\"item\":{\"id\":\"a\",\"z\":1}}\n{\"item.id\":\"b\"}\n").rows)
        .containsExactly("1|a|null|null|null", "2|b|null|null|null");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "not json",
        "{\"page\":\"cut off",
        "[1,2]",
        "\"page\"",
        "{\"time\":\"t\",\"isNew\":true,\"delta\":1}",
        "{\"page\":null,\"time\":\"t\",\"isNew\":true,\"delta\":1}",
        "{\"page\":{\"a\":1},\"time\":\"t\",\"isNew\":true,\"delta\":1}",
        "{\"page\":[\"a\"],\"time\":\"t\",\"isNew\":true,\"delta\":1}",
        "{\"page\":\"p\",\"time\":\"t\",\"isNew\":true,\"delta\":1} {}",
        "{\"page\":\"p\",\"time\":\"t\",\"isNew\":true,\"delta\":1} x",
        "{\"page\":\"p\",\"time\":\"t\",\"isNew\":true}",
      })
  void whatIsNotOneObjectWithTheFieldsIsRejected(String line) {
    String good = "{\"page\":\"p\",\"time\":\"t\",\"isNew\":true,\"delta\":1}";

    ReadRows read = ReadRows.of(reader, good + "\n" + line + "\n" + good + "\n");

    assertThat(read.rejectedLines()).containsExactly(2);
    assertThat(read.rows).containsExactly("1|p|t|true|1", "3|p|t|true|1");
  }

  @Test
  void deepNestingIsRejectedAndNotFollowed() {
    String deep = "{\"page\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";

    assertThat(ReadRows.of(reader, deep + "\n").rejectedLines()).containsExactly(1);
  }
}
