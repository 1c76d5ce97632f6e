package org.tallyring.aggregator.server;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.tallyring.aggregator.fake.FakeShards;
import org.tallyring.aggregator.fake.MovableClock;
import org.tallyring.aggregator.fake.TcpShards;

/** An aggregator in front of fake shards, all on loopback ports, at half past ten. */
final class RunningAggregator implements AutoCloseable {

  final MovableClock clock = new MovableClock("2026-01-15T10:30:00Z");
  final FakeShards shards = new FakeShards(clock, 4, "shard-1", "shard-2");
  final TcpShards servers;
  final AggregatorServer aggregator;
  final ManagedChannel channel;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  RunningAggregator() throws IOException, InterruptedException {
    servers = new TcpShards(shards, "shard-1", "shard-2");
    aggregator =
        AggregatorServer.start(
            new AggregatorConfig(
                "127.0.0.1",
                0,
                servers.addresses(),
                clock,
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT)));
    if (!aggregator.awaitComplete(Duration.ofSeconds(20))) {
      throw new IllegalStateException("no complete collection within 20 s");
    }
    channel =
        Grpc.newChannelBuilder(
                "127.0.0.1:" + aggregator.port(), InsecureChannelCredentials.create())
            .build();
  }

  HttpResponse<String> get(String target) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(uri(target)));
  }

  HttpResponse<String> post(String target, String body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(target)).POST(HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request);
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return http.send(
        request.timeout(Duration.ofSeconds(20)).build(), HttpResponse.BodyHandlers.ofString());
  }

  URI uri(String target) {
    return URI.create("http://127.0.0.1:" + aggregator.port() + target);
  }

  @Override
  public void close() {
    channel.shutdownNow();
    aggregator.close();
    servers.close();
  }
}
