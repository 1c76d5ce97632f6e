package org.tallyring.shardserver.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * What operators' tools ask of a shard over HTTP: {@code GET /metrics} in Prometheus's text format,
 * and {@code GET /healthz}, 200 or 503, with a sentence. Thread-safe.
 */
public final class MetricsServer implements AutoCloseable {

  /** Two, so that a scraper that reads slowly does not keep a health check waiting. */
  private static final int THREADS = 2;

  private static final List<String> PLAIN_TEXT = List.of("text/plain; charset=utf-8");

  private final HttpServer server;
  private final ExecutorService threads;

  private MetricsServer(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * Listens.
   *
   * @param host the address to listen on
   * @param port the port to listen on; 0 for any
   * @param registry what {@code /metrics} shows
   * @param health what {@code /healthz} says
   * @throws IOException if the port cannot be bound
   */
  public static MetricsServer start(
      String host, int port, PrometheusMeterRegistry registry, Supplier<ShardHealth> health)
      throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(host, port), 0);
    ExecutorService threads =
        Executors.newFixedThreadPool(
            THREADS,
            task -> {
              Thread thread = new Thread(task, "metrics");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(threads);
    server.createContext("/", exchange -> answer(exchange, registry, health.get()));
    server.start();
    return new MetricsServer(server, threads);
  }

  private static void answer(
      HttpExchange exchange, PrometheusMeterRegistry registry, ShardHealth health)
      throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      if (!path.equals("/metrics") && !path.equals("/healthz")) {
        send(exchange, 404, "path: " + path + " (expected: /metrics or /healthz)\n");
      } else if (!exchange.getRequestMethod().equals("GET")) {
        exchange.getResponseHeaders().set("Allow", "GET");
        send(exchange, 405, "method: " + exchange.getRequestMethod() + " (expected: GET)\n");
      } else if (path.equals("/metrics")) {
        exchange
            .getResponseHeaders()
            .set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
        send(exchange, 200, registry.scrape());
      } else {
        send(exchange, health.isServing() ? 200 : 503, health.sentence() + "\n");
      }
    }
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().putIfAbsent("Content-Type", PLAIN_TEXT);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  /** The port that is listened on. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** Stops at once; calls under way fail. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
