package org.tallyring.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class MetricsPagesTest {

  private static final String SHARDS =
      """
      # TYPE process_cpu_time_ns counter
      process_cpu_time_ns_total 5.0E9
      tallyring_received_bytes_total{shard="shard-1"} 100.0
      tallyring_received_bytes_total{shard="shard-2"} 50.0
      tallyring_received_bytes_total_of_another_name 7.0
      tallyring_journal_appended_bytes_total 12
      """;

  private static final String OTHER = "process_cpu_seconds_total 1.5\n";

  @Test
  void samplesOfAllProcessesAddUp() {
    assertThat(MetricsPages.figures(List.of(SHARDS, OTHER)))
        .isEqualTo(new ServerFigures(6.5e9, 150.0, 12.0));
  }

  @Test
  void cpuTimeIsUnknownIfOneProcessDoesNotTell() {
    assertThat(MetricsPages.figures(List.of(SHARDS, "up 1\n")))
        .isEqualTo(new ServerFigures(null, 150.0, 12.0));
  }

  @Test
  void withoutPagesNothingIsKnown() {
    assertThat(MetricsPages.figures(List.of())).isEqualTo(new ServerFigures(null, null, null));
  }
}
