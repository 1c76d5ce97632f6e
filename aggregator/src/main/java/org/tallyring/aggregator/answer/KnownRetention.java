package org.tallyring.aggregator.answer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.Set;
import org.tallyring.topology.window.KeptBuckets;

/**
 * From when on all ranges keep the buckets of metrics, as far as they have said so, which they do
 * when they are asked for something older. Thread-safe.
 *
 * <p>It saves questions that cannot be answered; where it lags behind, a question costs a second
 * one. What ranges keep only shrinks but for one case: a metric that is swapped from a sliding
 * window to another strategy has older buckets again. So everything is forgotten after a while. It
 * holds some hundred bytes for each set of metrics of which anything retired was asked for
 * together.
 */
final class KnownRetention {

  /** How long something is known. */
  static final Duration LIFETIME = Duration.ofSeconds(10);

  private static final int MAX_SCOPES = 10_000;

  /**
   * What a question is about: each strategy keeps its buckets for as long as it does.
   *
   * @param namespaceUid the namespace's uid
   * @param metrics all metrics that have a part in the answer
   */
  record Scope(long namespaceUid, Set<String> metrics) {}

  private final Cache<Scope, KeptBuckets> byScope;

  /**
   * Nothing known.
   *
   * @param ticker a monotonic clock, in nanoseconds
   */
  KnownRetention(Ticker ticker) {
    byScope =
        Caffeine.newBuilder()
            .ticker(ticker)
            .expireAfterWrite(LIFETIME)
            .maximumSize(MAX_SCOPES)
            .executor(Runnable::run)
            .build();
  }

  /** What is known to be kept. */
  KeptBuckets of(Scope scope) {
    return byScope.asMap().getOrDefault(scope, KeptBuckets.EVERYTHING);
  }

  /** Takes in what ranges have said. */
  void learn(Scope scope, KeptBuckets kept) {
    byScope.asMap().merge(scope, kept, KeptBuckets::and);
  }
}
