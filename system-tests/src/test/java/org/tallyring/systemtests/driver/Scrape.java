package org.tallyring.systemtests.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a server showed at {@code /metrics}, as Prometheus reads it.
 *
 * @param samples the lines that are no comments
 */
public record Scrape(List<String> samples) {

  private static final Duration LIMIT = Duration.ofSeconds(20);

  /**
   * As Prometheus and curl do. An upgrade to HTTP/2, which is this client's default, once got no
   * answer until the server closed the connection as idle.
   */
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /**
   * Asks a server.
   *
   * @param address {@code host:port}
   */
  public static Scrape of(String address) {
    return new Scrape(
        get(address, "/metrics").body().lines().filter(line -> !line.startsWith("#")).toList());
  }

  /** The status of a path. */
  public static int status(String address, String path) {
    return get(address, path).statusCode();
  }

  private static HttpResponse<String> get(String address, String path) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + address + path)).timeout(LIMIT).build();
    try {
      return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /**
   * The sum of the samples of a name that have all these labels; 0 if there is none.
   *
   * @param labels each {@code name="value"}
   */
  public double sum(String name, String... labels) {
    return samples(name, labels)
        .mapToDouble(sample -> Double.parseDouble(sample.substring(sample.lastIndexOf(' ') + 1)))
        .sum();
  }

  /** How many samples there are of a name that have all these labels. */
  public long count(String name, String... labels) {
    return samples(name, labels).count();
  }

  private Stream<String> samples(String name, String... labels) {
    return samples.stream()
        .filter(sample -> sample.startsWith(name + "{") || sample.startsWith(name + " "))
        .filter(sample -> Arrays.stream(labels).allMatch(sample::contains));
  }
}
