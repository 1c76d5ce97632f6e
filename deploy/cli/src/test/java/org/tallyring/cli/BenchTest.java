package org.tallyring.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tallyring.benchmarks.keys.ZipfKeys;
import org.tallyring.cli.failure.ExitCode;

/** Loads, against a cluster that counts in a map. */
final class BenchTest {

  private static final String LOAD =
      " --namespace load --metrics views,clicks --keys 50 --seconds 1 --warm-up 0 --rate 2000"
          + " --sampling 10 --fill --verify --output json --server ";

  private final FakeCluster cluster = FakeCluster.start();
  private final Shell shell = new Shell();

  @AfterEach
  void stop() {
    cluster.close();
  }

  private Shell.Outcome bench(String options) {
    return shell.run(("bench" + options + LOAD + cluster.address()).split(" "));
  }

  @Test
  void aMissingNamespaceIsMadeAndEveryCountIsVerified() throws IOException {
    Shell.Outcome outcome = bench("");

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.DONE);
    assertThat(outcome.err())
        .isEqualTo("tally: namespace load: made, with the metrics views, clicks\n");
    assertThat(cluster.metrics("load")).containsExactly("views", "clicks");
    JsonNode json = new ObjectMapper().readTree(outcome.out());
    assertThat(json.path("increments_per_s").asLong()).isBetween(1_000L, 3_000L);
    assertThat(json.path("ack_p99_ms").asDouble()).isPositive();
    assertThat(json.path("verified_counts").asLong()).isEqualTo(100);
    assertThat(json.path("differing_counts").asLong()).isZero();
    assertThat(json.path("errors").isEmpty()).isTrue();
    assertThat(json.get("server_cpu_ns_per_increment").isNull()).isTrue();
  }

  @Test
  void unaryCallsAreVerifiedToo() throws IOException {
    Shell.Outcome outcome = bench(" --unary --connections 3 --depth 2 --threads 2");

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.DONE);
    JsonNode json = new ObjectMapper().readTree(outcome.out());
    assertThat(json.path("acknowledged").asLong()).isPositive();
    assertThat(json.path("differing_counts").asLong()).isZero();
  }

  @Test
  void aMetricThatIsMissingIsMade() {
    shell.run("namespace", "create", "load", "--metrics", "views", "--server", cluster.address());

    Shell.Outcome outcome = bench("");

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.DONE);
    assertThat(outcome.err()).isEqualTo("tally: metric clicks: made, in the namespace load\n");
  }

  @Test
  void aCountThatIsNotWhatWasSentIsShownAndExitsWith1() throws IOException {
    CompletableFuture<Shell.Outcome> loading = CompletableFuture.supplyAsync(() -> bench(""));
    String key = ZipfKeys.key(3);
    await().until(() -> cluster.count("load", "clicks", key) > 0);
    new Shell()
        .run(
            "record",
            key,
            "--namespace",
            "load",
            "--metric",
            "clicks",
            "--server",
            cluster.address());

    Shell.Outcome outcome = loading.join();

    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.err())
        .contains("tally: 1 of 100 counts differ, first:\n")
        .contains("tally: clicks[" + key + "]: ");
    assertThat(new ObjectMapper().readTree(outcome.out()).path("differing_counts").asLong())
        .isEqualTo(1);
  }
}
