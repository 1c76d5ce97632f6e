package org.tallyring.aggregator.answer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

final class KnownRetentionTest {

  private static final KeptBuckets HORIZON = KeptBuckets.EVERYTHING.butOf(WindowLevel.HOUR, 5);

  private static CountedMetric metric(String name, long bucketMillis) {
    MetricDefinition.Builder definition = MetricDefinition.newBuilder().setName(name);
    definition.getFixedWindowBuilder().setBucketMillis(bucketMillis);
    return new CountedMetric("default", 7, 1, 0, definition.build());
  }

  private final AtomicLong nanos = new AtomicLong();
  private final KnownRetention retention = new KnownRetention(nanos::get);

  @Test
  void whatOneMetricKeepsSaysNothingOfAnotherNorOfTheSameAfterASwap() {
    retention.learn(AskedMetrics.of(metric("hits", 4_000)), HORIZON);

    assertThat(retention.of(AskedMetrics.of(metric("hits", 4_000)))).isEqualTo(HORIZON);
    for (CountedMetric other : List.of(metric("clicks", 4_000), metric("hits", 6_000))) {
      assertThat(retention.of(AskedMetrics.of(other))).isEqualTo(KeptBuckets.EVERYTHING);
    }
  }

  @Test
  void isForgottenAfterAWhile() {
    AskedMetrics hits = AskedMetrics.of(metric("hits", 4_000));
    retention.learn(hits, HORIZON);

    nanos.addAndGet(KnownRetention.LIFETIME.toNanos() - 1);
    assertThat(retention.of(hits)).isEqualTo(HORIZON);
    nanos.incrementAndGet();
    assertThat(retention.of(hits)).isEqualTo(KeptBuckets.EVERYTHING);
  }

  @Test
  void aMetricBesideItselfIsOne() {
    CountedMetric clicks = metric("clicks", 4_000);

    assertThat(AskedMetrics.of(clicks, List.of(clicks, metric("hits", 6_000))))
        .isEqualTo(AskedMetrics.of(clicks, List.of(metric("hits", 6_000))));
  }

  @Test
  void metricsTogetherAreAskedByBucketsThatAllOfThemAddUpTo() {
    assertThat(
            AskedMetrics.of(metric("clicks", 4_000), List.of(metric("hits", 6_000))).bucketWidth())
        .isEqualTo(new BucketWidth(12_000));
  }
}
