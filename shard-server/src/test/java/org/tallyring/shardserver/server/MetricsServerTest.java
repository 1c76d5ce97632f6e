package org.tallyring.shardserver.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Counter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a shard answers over HTTP. */
final class MetricsServerTest {

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private volatile ShardHealth health = ShardHealth.SERVING;

  @SuppressWarnings("NullAway.Init")
  private MetricsServer server;

  @BeforeEach
  void start() throws IOException {
    server = MetricsServer.start("127.0.0.1", 0, registry, () -> health);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private HttpResponse<String> send(String method, String path)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
            .method(method, BodyPublishers.noBody())
            .build(),
        BodyHandlers.ofString());
  }

  @Test
  void metricsAreThoseOfTheRegistryInPrometheusText() throws Exception {
    Counter.builder("tallyring.increments").tag("shard", "shard-1").register(registry).increment(3);
    HttpResponse<String> response = send("GET", "/metrics");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type"))
        .hasValue("text/plain; version=0.0.4; charset=utf-8");
    assertThat(response.body()).contains("\ntallyring_increments_total{shard=\"shard-1\"} 3.0\n");
  }

  @Test
  void healthFollowsTheShard() throws Exception {
    assertThat(send("GET", "/healthz").statusCode()).isEqualTo(200);
    health = ShardHealth.NOT_SERVING;
    assertThat(send("GET", "/healthz").statusCode()).isEqualTo(503);
  }

  @ParameterizedTest
  @EnumSource(names = {"FEWER_COPIES", "OUT_OF_TOUCH"})
  void aDegradedShardSaysSoAndIsNotToBeRestarted(ShardHealth degraded) throws Exception {
    health = degraded;
    HttpResponse<String> response = send("GET", "/healthz");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).startsWith("degraded: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/metrics/", "/metricsandmore", "/healthz/x"})
  void otherPathsAreNotFound(String path) throws Exception {
    assertThat(send("GET", path).statusCode()).isEqualTo(404);
  }

  @Test
  void onlyGetIsTaken() throws Exception {
    HttpResponse<String> response = send("POST", "/metrics");

    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(response.headers().firstValue("Allow")).hasValue("GET");
  }
}
