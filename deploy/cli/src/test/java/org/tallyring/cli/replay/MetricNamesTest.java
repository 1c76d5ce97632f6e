package org.tallyring.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MetricNamesTest {

  @ParameterizedTest
  @CsvSource({
    "COMMENT CREATED, comment_created",
    "VIEW, view",
    "true, true",
    "0, 0",
    "add-to-cart, add-to-cart",
    "a.b/c, a_b_c",
    "Größe, gr__e",
    "x\uD83D\uDE00y, x_y",
  })
  void namesBecomeLowerCaseWithUnderscores(String text, String name) {
    MetricNames names = new MetricNames();

    assertThat(names.nameOf(text)).isEqualTo(name);
    assertThat(names.nameOf(text)).isEqualTo(name);
  }
}
