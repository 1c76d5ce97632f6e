package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.systemtests.process.TallyProcess;

/** The load driver, against clusters of one process. What it measures is no matter here. */
final class BenchIT {

  private static final List<String> JVM = List.of("-Xmx512m");
  private static final Duration LIMIT = Duration.ofSeconds(120);

  @RegisterExtension static final Processes processes = new Processes();

  private static JsonNode bench(int rate, String... options) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of("bench", "--seconds", "2", "--warm-up", "1", "--rate", Integer.toString(rate)));
    arguments.addAll(List.of("--keys", "1000", "--verify", "--output", "json"));
    arguments.addAll(List.of(options));
    TallyProcess bench = processes.start("bench", JVM, arguments);

    assertThat(bench.awaitExit(LIMIT)).as(bench.stdout() + bench.stderr()).isZero();
    assertThat(bench.stdout().lines()).hasSize(1);
    JsonNode json = new ObjectMapper().readTree(bench.stdout());
    assertThat(json.path("increments_per_s").asDouble()).isPositive();
    assertThat(json.path("ack_p50_ms").asDouble()).isPositive();
    assertThat(json.path("ack_p99_ms").asDouble()).isPositive();
    assertThat(json.path("verified_counts").asLong()).isEqualTo(1_000);
    assertThat(json.path("differing_counts").asLong()).isZero();
    assertThat(json.path("errors")).as("%s", json).isEmpty();
    return json;
  }

  @Test
  void aFreshClusterIsStartedLoadedVerifiedAndLeavesNothingBehind() throws IOException {
    Path data = Files.createDirectory(processes.directory().resolve("bench"));

    JsonNode json = bench(20_000, "--data", data.toString(), "--heap", "512m", "--shards", "2");

    assertThat(json.path("server_cpu_ns_per_increment").asDouble()).isPositive();
    assertThat(json.path("wire_bytes_per_increment").asDouble()).isPositive();
    assertThat(json.path("journal_bytes_per_increment").asDouble()).isPositive();
    assertThat(data).isEmptyDirectory();
    assertThat(ProcessHandle.allProcesses())
        .as("processes that were started in %s", data)
        .noneMatch(
            process ->
                process
                    .info()
                    .commandLine()
                    .map(line -> line.contains(data.toString()))
                    .orElse(false));
  }

  @Test
  void aRunningClusterIsLoadedByCallsBesideReaders() throws IOException {
    try (Standalone cluster = Standalone.start(processes)) {
      JsonNode json =
          bench(
              // Each is a call, on a machine that may be busy.
              200,
              "--server",
              cluster.address(),
              "--unary",
              "--connections",
              "6",
              "--depth",
              "50",
              "--readers",
              "1",
              "--read-rate",
              "20",
              "--visibility",
              "--metrics-url",
              "http://" + cluster.address() + "/metrics");

      assertThat(json.path("read_p99_ms").asDouble()).isPositive();
      assertThat(json.path("visible_p50_ms").asDouble()).isPositive();
      assertThat(json.path("server_cpu_ns_per_increment").asDouble()).isPositive();
    }
  }
}
