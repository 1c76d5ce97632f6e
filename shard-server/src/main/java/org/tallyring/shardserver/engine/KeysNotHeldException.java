package org.tallyring.shardserver.engine;

/**
 * A question about every key of a metric that holds only the keys with the highest counts: what it
 * would be answered with is not known.
 */
public final class KeysNotHeldException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  KeysNotHeldException(String metric) {
    super(
        "metric: "
            + metric
            + " counts by heavy_hitters (expected: a strategy that holds every key)");
  }
}
