package org.tallyring.aggregator.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StopTest {

  @Test
  void aStoppedAggregatorGivesItsPortBackWithinASecond() throws Exception {
    RunningAggregator running = new RunningAggregator();
    int port = running.aggregator.port();
    running.get("/healthz");

    long begun = System.nanoTime();
    running.aggregator.close();

    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(1));
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      assertThat(socket.isBound()).isTrue();
    }
    running.close();
  }

  @Test
  void anAggregatorWithoutAClusterListensAndSaysSo() throws Exception {
    int nobody;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = socket.getLocalPort();
    }
    try (AggregatorServer alone =
        AggregatorServer.start(
            new AggregatorConfig("127.0.0.1", 0, List.of("127.0.0.1:" + nobody)))) {
      assertThat(alone.complete()).isNotDone();
      assertThat(get(alone, "/healthz").statusCode()).isEqualTo(503);
      assertThat(get(alone, "/top-k?window=all").statusCode()).isEqualTo(503);
      assertThat(get(alone, "/top-k?window=all").body()).contains("\"reason\":\"NOT_READY\"");
      assertThat(get(alone, "/v1/cluster").statusCode()).isEqualTo(503);
    }
  }

  private static HttpResponse<String> get(AggregatorServer server, String target)
      throws IOException, InterruptedException {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .build()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + target))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }
}
