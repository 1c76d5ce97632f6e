package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.GetMetricStatsRequest;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.MetricStats;
import org.tallyring.proto.v1.Morris;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.systemtests.cluster.ProcessCluster;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.driver.ClusterApi;
import org.tallyring.systemtests.driver.Scrape;
import org.tallyring.systemtests.process.Processes;

/** What the servers show at {@code /metrics} is what was recorded, to the last increment. */
final class MetricsIT {

  private static final String NAMESPACE = "metered";
  private static final String[] CLICKS = {"namespace=\"metered\"", "metric=\"clicks\""};
  private static final String[] VIEWS = {"namespace=\"metered\"", "metric=\"views\""};

  private static final int KEYS = 500;
  private static final int CLICKED = 3 * KEYS;
  private static final int VIEWED = KEYS / 2;
  private static final int OLD = 7;

  /** Longer than all minutes and hours are kept. */
  private static final Duration AGE = Duration.ofDays(60);

  /** Meters lag by the pause between two rounds. */
  private static final Duration ROUNDS = Duration.ofSeconds(30);

  @RegisterExtension static final Processes processes = new Processes();

  private static Increment.Builder increment(String metric, String key) {
    return Increment.newBuilder()
        .setMetric(metric)
        .setKey(ByteString.copyFromUtf8(key))
        .setDelta(1);
  }

  /** Clicks, a third of which is sent again, and a few that are old; and views, counted about. */
  private static void record(ClusterApi api) {
    api.admin()
        .createNamespace(
            CreateNamespaceRequest.newBuilder()
                .setNamespace(
                    NamespaceDefinition.newBuilder()
                        .setName(NAMESPACE)
                        .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
                        .addMetrics(
                            MetricDefinition.newBuilder()
                                .setName("views")
                                .setMorris(Morris.getDefaultInstance())))
                .build());
    for (int round = 0; round < 3; round++) {
      List<Increment> increments = new ArrayList<>();
      for (int i = 0; i < KEYS; i++) {
        increments.add(increment("clicks", "key-" + i).build());
      }
      RecordRequest request =
          RecordRequest.newBuilder()
              .setNamespace(NAMESPACE)
              .setRequestId(ByteString.copyFromUtf8("request-number-" + round))
              .addAllIncrements(increments)
              .build();
      assertThat(api.counters().record(request).getApplied()).isEqualTo(KEYS);
      if (round == 0) {
        assertThat(api.counters().record(request).getDuplicate()).isEqualTo(KEYS);
      }
    }
    List<Increment> views = new ArrayList<>();
    for (int i = 0; i < VIEWED; i++) {
      views.add(increment("views", "key-" + i).build());
    }
    assertThat(record(api, views)).isEqualTo(VIEWED);
    long old = System.currentTimeMillis() - AGE.toMillis();
    List<Increment> olds = new ArrayList<>();
    for (int i = 0; i < OLD; i++) {
      olds.add(increment("clicks", "key-" + i).setEventTimeMillis(old).build());
    }
    assertThat(record(api, olds)).isEqualTo(OLD);
  }

  private static long record(ClusterApi api, List<Increment> increments) {
    return api.counters()
        .record(
            RecordRequest.newBuilder().setNamespace(NAMESPACE).addAllIncrements(increments).build())
        .getApplied();
  }

  /** What a scrape shows when the rounds are done is what was recorded, and what stats say. */
  private static void assertShown(Supplier<Scrape> scrapes, ClusterApi api) {
    await("a round of all ranges")
        .atMost(ROUNDS)
        .pollInterval(Duration.ofMillis(500))
        .until(
            () ->
                scrapes.get().sum("tallyring_metric_hits_total", CLICKS) == CLICKED + OLD
                    && scrapes.get().sum("tallyring_metric_keys", VIEWS) == VIEWED);
    Scrape shown = scrapes.get();
    assertThat(shown.sum("tallyring_metric_hits_total", VIEWS)).isEqualTo(VIEWED);
    assertThat(shown.sum("tallyring_metric_keys", CLICKS)).isEqualTo(KEYS);
    assertThat(shown.sum("tallyring_late_increments_total", CLICKS)).isEqualTo(OLD);
    assertThat(shown.sum("tallyring_beyond_retention_increments_total", CLICKS)).isEqualTo(OLD);
    assertThat(shown.sum("tallyring_increments_total")).isEqualTo(CLICKED + OLD + VIEWED);
    assertThat(shown.sum("tallyring_duplicate_increments_total")).isEqualTo(KEYS);
    assertThat(shown.sum("tallyring_ranges", "state=\"serving\"")).isEqualTo(64);
    assertThat(shown.sum("tallyring_keys")).isEqualTo(KEYS);
    assertThat(shown.sum("tallyring_journal_append_duration_seconds_count")).isPositive();
    assertThat(shown.sum("tallyring_lost_ranges_total")).isZero();
    assertThat(shown.count("tallyring_metric_strategy", "strategy=\"morris\""))
        .isEqualTo(shown.count("tallyring_metric_strategy", VIEWS))
        .isPositive();
    for (MetricStats stats :
        api.admin()
            .getMetricStats(GetMetricStatsRequest.newBuilder().setNamespace(NAMESPACE).build())
            .getMetricsList()) {
      String[] labels = stats.getMetric().getName().equals("clicks") ? CLICKS : VIEWS;
      assertThat(shown.sum("tallyring_metric_hits_total", labels)).isEqualTo(stats.getHits());
      assertThat(shown.sum("tallyring_metric_keys", labels)).isEqualTo(stats.getKeys());
      assertThat(shown.sum("tallyring_metric_entries", labels)).isEqualTo(stats.getEntries());
      assertThat(shown.sum("tallyring_metric_pruned_entries_total", labels))
          .isEqualTo(stats.getPruned());
    }
    assertThat(shown.samples())
        .allMatch(sample -> sample.matches("(tallyring|process|system|jvm)_.*"));
    assertThat(shown.samples()).noneMatch(sample -> sample.contains("key-1"));
  }

  @Test
  void theAggregatorOfAStandaloneShowsItsShardsToo() {
    try (Standalone cluster = Standalone.start(processes)) {
      record(cluster.api());

      assertShown(() -> Scrape.of(cluster.address()), cluster.api());
      assertThat(Scrape.of(cluster.address()).count("tallyring_keys")).isEqualTo(3);
      assertThat(Scrape.of(cluster.address()).count("tallyring_collection_ranges")).isEqualTo(1);
    }
  }

  @Test
  void eachShardProcessShowsItsOwnOnAPortOfItsOwn() {
    try (ProcessCluster cluster = ProcessCluster.start(processes)) {
      record(cluster.api());

      assertShown(
          () ->
              new Scrape(
                  cluster.metricsAddresses().stream()
                      .flatMap(address -> Scrape.of(address).samples().stream())
                      .toList()),
          cluster.api());
      for (String address : cluster.metricsAddresses()) {
        assertThat(Scrape.of(address).sum("tallyring_ranges", "state=\"serving\""))
            .isBetween(1.0, 63.0);
        assertThat(Scrape.status(address, "/healthz")).isEqualTo(200);
      }
    }
  }
}
