package org.tallyring.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ItemsReaderTest {

  @Test
  void everyIdIsARowAndSeparatorsAreNot() {
    ReadRows read =
        ReadRows.of(new ItemsReader(), "82475 -1 84211 -1 82475\r\n\n55455\n 1  2\t-10 -1\n-1\n");

    assertThat(read.rows)
        .containsExactly(
            "1|82475|null|null|null",
            "1|84211|null|null|null",
            "1|82475|null|null|null",
            "3|55455|null|null|null",
            "4|1|null|null|null",
            "4|2|null|null|null",
            "4|-10|null|null|null");
    assertThat(read.rejected).isEmpty();
  }
}
