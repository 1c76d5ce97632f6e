package org.tallyring.benchmarks.load;

import java.util.List;

/**
 * Where in a cluster increments go, and by which way.
 *
 * @param server an aggregator, {@code host:port}
 * @param namespace the namespace, which exists
 * @param metrics its metrics, which exist; increments take turns among them
 * @param connections how many clients, or how many channels of unary calls
 * @param depth how many unary calls a channel has under way; 0 to use the client library's streams
 */
public record Destination(
    String server, String namespace, List<String> metrics, int connections, int depth) {

  private static final int MAX_CONNECTIONS = 1_000;
  private static final int MAX_DEPTH = 10_000;

  /** Checks the bounds. */
  public Destination {
    metrics = List.copyOf(metrics);
    if (connections < 1 || connections > MAX_CONNECTIONS) {
      throw new IllegalArgumentException(
          "connections: " + connections + " (expected: 1 to " + MAX_CONNECTIONS + ")");
    }
    if (depth < 0 || depth > MAX_DEPTH) {
      throw new IllegalArgumentException("depth: " + depth + " (expected: 1 to " + MAX_DEPTH + ")");
    }
  }

  boolean isUnary() {
    return depth > 0;
  }
}
