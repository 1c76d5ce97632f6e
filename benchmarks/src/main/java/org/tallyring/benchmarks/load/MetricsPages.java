package org.tallyring.benchmarks.load;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The servers' accounts, as their pages for Prometheus show them. */
public final class MetricsPages implements Supplier<ServerFigures> {

  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final double NANOS = 1e9;

  /**
   * Plain HTTP/1.1: Java's client loses an answer of some size now and then while it upgrades to
   * HTTP/2, and waits until the connection ends.
   */
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final List<URI> pages;

  /**
   * The accounts of some processes.
   *
   * @param pages one for each process, {@code http://host:port/metrics}
   */
  public MetricsPages(List<URI> pages) {
    this.pages = List.copyOf(pages);
  }

  /**
   * Asks them all.
   *
   * @throws IllegalStateException if one does not answer
   */
  @Override
  public ServerFigures get() {
    return figures(pages.stream().map(this::page).toList());
  }

  /** CPU time is known only if every process tells; the rest are told by shards alone. */
  static ServerFigures figures(List<String> pages) {
    List<OptionalDouble> cpu = pages.stream().map(MetricsPages::cpuNanos).toList();
    return new ServerFigures(
        cpu.isEmpty() || cpu.stream().anyMatch(OptionalDouble::isEmpty)
            ? null
            : cpu.stream().mapToDouble(OptionalDouble::getAsDouble).sum(),
        sum(pages, "tallyring_received_bytes_total"),
        sum(pages, "tallyring_journal_appended_bytes_total"));
  }

  private static OptionalDouble cpuNanos(String page) {
    OptionalDouble nanos = sum(page, "process_cpu_time_ns_total");
    if (nanos.isPresent()) {
      return nanos;
    }
    OptionalDouble seconds = sum(page, "process_cpu_seconds_total");
    return seconds.isPresent() ? OptionalDouble.of(seconds.getAsDouble() * NANOS) : seconds;
  }

  private static @Nullable Double sum(List<String> pages, String name) {
    List<OptionalDouble> told =
        pages.stream().map(page -> sum(page, name)).filter(OptionalDouble::isPresent).toList();
    return told.isEmpty() ? null : told.stream().mapToDouble(OptionalDouble::getAsDouble).sum();
  }

  /** The sum of the samples of a name, whatever their labels. */
  private static OptionalDouble sum(String page, String name) {
    double[] values =
        page.lines()
            .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
            .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
            .toArray();
    return values.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum(values));
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  /** Once more if a connection kept from the time before was closed at the other end meanwhile. */
  private HttpResponse<String> send(URI uri) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(LIMIT).build();
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException closed) {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    }
  }

  private String page(URI uri) {
    try {
      HttpResponse<String> response = send(uri);
      if (response.statusCode() != 200) {
        throw new IllegalStateException(
            "metrics-url: " + uri + " answers " + response.statusCode() + " (expected: 200)");
      }
      return response.body();
    } catch (IOException e) {
      throw new IllegalStateException("metrics-url: " + uri + " does not answer: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while asking " + uri, e);
    }
  }
}
