package org.tallyring.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;

final class NamespaceMetricsTest {

  private static final NamespaceDefinition SHOP =
      NamespaceDefinition.newBuilder()
          .addMetrics(MetricDefinition.newBuilder().setName("views"))
          .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
          .build();

  private final List<String> created = new ArrayList<>();

  @Test
  void whatIsThereCanBeUsed() {
    assertThat(new NamespaceMetrics(SHOP, null).require("clicks")).isNull();
  }

  @Test
  void whatIsMissingIsMadeOnceIfItMay() {
    Metrics metrics = new NamespaceMetrics(SHOP, created::add);

    assertThat(metrics.require("carts")).isNull();
    assertThat(metrics.require("carts")).isNull();
    assertThat(created).containsExactly("carts");
  }

  @Test
  void whatIsMissingIsNamedIfItMayNotBeMade() {
    assertThat(new NamespaceMetrics(SHOP, null).require("carts"))
        .isEqualTo("metric: carts (expected: one of views, clicks; --create makes others)");
  }

  @Test
  void aNameThatBreaksTheRuleIsNeverMade() {
    Metrics metrics = new NamespaceMetrics(SHOP, created::add);

    assertThat(metrics.require("_carts")).startsWith("metric: _carts (expected: ");
    assertThat(metrics.require("")).startsWith("metric: ");
    assertThat(metrics.require("m".repeat(65))).startsWith("metric: ");
    assertThat(created).isEmpty();
  }

  @Test
  void theWrongColumnDoesNotMakeAMetricOfEveryKey() {
    Metrics metrics = new NamespaceMetrics(SHOP, created::add);
    for (int i = 0; i < NamespaceMetrics.MAX_METRICS; i++) {
      assertThat(metrics.require("m" + i)).isNull();
    }

    assertThat(metrics.require("one-more")).contains("at most");
    assertThat(metrics.require("m0")).isNull();
    assertThat(created).hasSize(NamespaceMetrics.MAX_METRICS);
  }
}
