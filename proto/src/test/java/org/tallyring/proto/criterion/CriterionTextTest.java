package org.tallyring.proto.criterion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tallyring.proto.v1.MetricFilter;
import org.tallyring.proto.v1.MetricFilter.Comparison;
import org.tallyring.proto.v1.ScoreTerm;

final class CriterionTextTest {

  @Test
  void conditionsAreReadWithEveryComparison() {
    assertThat(CriterionText.filters("a>=10,b<=-3,c>0,a-b<7,2_c=9223372036854775807"))
        .isEqualTo(
            List.of(
                filter("a", Comparison.COMPARISON_AT_LEAST, 10),
                filter("b", Comparison.COMPARISON_AT_MOST, -3),
                filter("c", Comparison.COMPARISON_ABOVE, 0),
                filter("a-b", Comparison.COMPARISON_BELOW, 7),
                filter("2_c", Comparison.COMPARISON_EQUAL, Long.MAX_VALUE)));
  }

  @Test
  void weightsAreExact() {
    assertThat(CriterionText.score("0.1*views+1*clicks+-10.000001*a-b"))
        .isEqualTo(
            List.of(term("views", 100_000), term("clicks", 1_000_000), term("a-b", -10_000_001)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "a>",
        ">=1",
        "a=>1",
        "a==1",
        "a!=1",
        "a>1.5",
        "a>1x",
        "a> 1",
        "A>1",
        "a>1,",
        "a>9223372036854775808",
        "a>1;b>2",
        "_a>1"
      })
  void aMalformedConditionIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CriterionText.filters(text))
        .withMessageStartingWith("where: ")
        .withMessageContaining(" (expected: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "views",
        "1*",
        "*views",
        "1*views+",
        "+1*views",
        "1.*views",
        ".5*views",
        "0.1234567*views",
        "1e3*views",
        "12345678901*views",
        "1*views 1*clicks",
        "1*Views",
        "0x1*views",
        "NaN*views",
        "views*1"
      })
  void aMalformedScoreIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CriterionText.score(text))
        .withMessageStartingWith("score: ")
        .withMessageContaining(" (expected: ");
  }

  @Test
  void aScoreIsWrittenWithoutRoundingAndWithoutPowersOfTen() {
    assertThat(CriterionText.decimal(1_500_000)).hasToString("1.5");
    assertThat(CriterionText.decimal(-1)).hasToString("-0.000001");
    assertThat(CriterionText.decimal(100_000_000)).hasToString("100");
    assertThat(CriterionText.decimal(0)).hasToString("0");
    assertThat(CriterionText.decimal(Long.MIN_VALUE)).hasToString("-9223372036854.775808");
  }

  private static MetricFilter filter(String metric, Comparison comparison, long value) {
    return MetricFilter.newBuilder()
        .setMetric(metric)
        .setComparison(comparison)
        .setValue(value)
        .build();
  }

  private static ScoreTerm term(String metric, long weightMicros) {
    return ScoreTerm.newBuilder().setMetric(metric).setWeightMicros(weightMicros).build();
  }
}
