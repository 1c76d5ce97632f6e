package org.tallyring.topology.name;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class NameRulesTest {

  private static final String RULE = " (expected: [a-z0-9][a-z0-9_-]{0,63})";

  @ParameterizedTest
  @ValueSource(strings = {"a", "0", "clicks", "shard-1", "page_views", "7-up", "a-", "a_"})
  void aWordIsAName(String name) {
    assertThat(NameRules.violation("metric", name)).isNull();
  }

  @ParameterizedTest
  @CsvSource({"Clicks", "-a", "_a", "a.b", "a b", "a/b", "käse", "a\u0131"})
  void anythingElseIsQuotedInTheSentence(String name) {
    assertThat(NameRules.violation("metric", name)).isEqualTo("metric: " + name + RULE);
  }

  @Test
  void theLengthIsOneToSixtyFour() {
    assertThat(NameRules.violation("namespace", "x".repeat(64))).isNull();
    assertThat(NameRules.violation("namespace", "x".repeat(65)))
        .isEqualTo("namespace: " + "x".repeat(65) + RULE);
    assertThat(NameRules.violation("namespace", "x".repeat(66)))
        .isEqualTo("namespace: " + "x".repeat(65) + "…" + RULE);
    assertThat(NameRules.violation("namespace", "")).isEqualTo("namespace: \"\"" + RULE);
  }

  @Test
  void aNameCannotForgeALineOfALog() {
    assertThat(NameRules.violation("metric", "a\nERROR\u001b[31m\ud800"))
        .isEqualTo("metric: a?ERROR?[31m?" + RULE);
  }

  @Property
  void agreesWithTheRegularExpression(@ForAll("names") String name) {
    assertThat(NameRules.violation("metric", name) == null)
        .isEqualTo(Pattern.matches(NameRules.PATTERN, name));
  }

  @Provide
  Arbitrary<String> names() {
    return Arbitraries.oneOf(
        Arbitraries.strings().withChars("az09_-").ofMaxLength(70),
        Arbitraries.strings().withChars("az09_-A.`{/: é").ofMaxLength(4),
        Arbitraries.strings().ofMaxLength(4));
  }
}
