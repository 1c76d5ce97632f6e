package org.tallyring.aggregator.answer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.KeptBuckets;

/**
 * From when on all ranges keep the buckets of metrics, as far as they have said so, which they do
 * when they are asked for something older. Thread-safe.
 *
 * <p>It saves questions that cannot be answered; where it lags behind, a question costs a second
 * one. What ranges keep only shrinks as long as metrics count in the same way. A metric that is
 * swapped may have older buckets again, and each range swaps at its own time, so that what is
 * learned just after a swap can still be of before: everything is forgotten after a while. It holds
 * an entry of some 100 bytes for each group of metrics of which anything retired was asked for, at
 * most {@value #MAX_ENTRIES}.
 */
final class KnownRetention {

  /** How long something is known. */
  static final Duration LIFETIME = Duration.ofSeconds(10);

  private static final long MAX_ENTRIES = 10_000;

  private final Cache<AskedMetrics, KeptBuckets> known;

  /**
   * Nothing known.
   *
   * @param ticker a monotonic clock, in nanoseconds
   */
  KnownRetention(Ticker ticker) {
    known =
        Caffeine.newBuilder()
            .ticker(ticker)
            .expireAfterWrite(LIFETIME)
            .maximumSize(MAX_ENTRIES)
            .executor(Runnable::run)
            .build();
  }

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
