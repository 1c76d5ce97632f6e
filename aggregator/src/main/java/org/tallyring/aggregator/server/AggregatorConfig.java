package org.tallyring.aggregator.server;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.InstantSource;
import java.util.List;

/**
 * What an aggregator needs to know.
 *
 * @param host the address to listen on
 * @param port the port to listen on; 0 for any free one
 * @param seeds addresses of a few shards, {@code host:port}; at least one
 * @param clock decides which windows are open and which are final
 * @param metrics the registry that {@code /metrics} shows
 */
public record AggregatorConfig(
    String host,
    int port,
    List<String> seeds,
    InstantSource clock,
    PrometheusMeterRegistry metrics) {

  /** Refuses a port that cannot be, and an empty list of seeds. */
  public AggregatorConfig {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port: " + port + " (expected: 0..65535)");
    }
    if (seeds.isEmpty()) {
      throw new IllegalArgumentException("seeds: none (expected: at least one host:port)");
    }
    seeds = List.copyOf(seeds);
  }

  /** With the clock of the machine and a registry of its own. */
  public AggregatorConfig(String host, int port, List<String> seeds) {
    this(
        host,
        port,
        seeds,
        InstantSource.system(),
        new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
  }
}
