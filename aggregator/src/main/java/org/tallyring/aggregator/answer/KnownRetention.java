package org.tallyring.aggregator.answer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.KeptBuckets;

/**
 * From when on all ranges keep the buckets of metrics, as far as they have said so, which they do
 * when they are asked for something older. Thread-safe.
 *
 * <p>It saves questions that cannot be answered. What is known here only rises, as in the ranges as
 * long as the metrics count in the same way; where it lags behind, a question costs a second one.
 * It holds an entry of some 100 bytes for each group of metrics of which anything retired was ever
 * asked for, at most {@value #MAX_ENTRIES}.
 */
final class KnownRetention {

  private static final long MAX_ENTRIES = 10_000;

  private final Cache<AskedMetrics, KeptBuckets> known =
      Caffeine.newBuilder().maximumSize(MAX_ENTRIES).build();

  /** What is known to be kept. */
  KeptBuckets of(AskedMetrics metrics) {
    @Nullable KeptBuckets kept = known.getIfPresent(metrics);
    return kept == null ? KeptBuckets.EVERYTHING : kept;
  }

  /** Takes in what ranges have said. */
  void learn(AskedMetrics metrics, KeptBuckets kept) {
    known.asMap().merge(metrics, kept, KeptBuckets::and);
  }
}
