package org.tallyring.aggregator.cache;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/*
 * A final window changes only when a late event corrects it, and then the shards' counters of late
 * corrections rise, which the collection brings here within a period. The counters are part of the
 * key, as are the changes of owners: nothing has to be invalidated, an outdated answer is simply not
 * found any more and leaves when its place is needed.
 *
 * The counters are read *before* the shards are asked. A correction in between is then in the answer
 * but not in the key, which costs one question too many; the other way round an answer without the
 * correction would be kept under a key that has it.
 *
 * An event that a shard accepted just in time is no correction, but may still be on its way into the
 * journal when the window has become final here; or the shard's clock is a little behind ours. So for
 * its first seconds a final window is kept no longer than one that is not final. Spans of minutes are
 * asked for at just that moment all the time.
 */

/** Answers about windows that are not held in memory. Thread-safe. */
public final class AnswerCache {

  /** How long an answer is served that may change at any moment or lacks a range. */
  static final Duration LIVE_LIFETIME = Duration.ofSeconds(1);

  /** How long a complete answer about a final window is kept at most. */
  static final Duration FINAL_LIFETIME = Duration.ofHours(1);

  private static final long MAX_BYTES = 64L << 20;
  private static final int BYTES_PER_ENTRY = 500;

  private final AsyncCache<Question, CachedTopK> answers;

  /**
   * An empty cache.
   *
   * @param ticker a monotonic clock, in nanoseconds
   */
  public AnswerCache(Ticker ticker, MeterRegistry registry) {
    answers =
        Caffeine.newBuilder()
            .ticker(ticker)
            .maximumWeight(MAX_BYTES)
            .weigher(
                (Question question, CachedTopK answer) ->
                    answer.merged().ranking().byteSize() + BYTES_PER_ENTRY)
            .expireAfter(Expiry.creating(AnswerCache::lifetime))
            .recordStats()
            // Its upkeep takes microseconds; a thread pool would cost more.
            .executor(Runnable::run)
            .buildAsync();
    for (Outcome outcome : Outcome.values()) {
      FunctionCounter.builder(
              "tallyring.answer.cache.requests",
              answers.synchronous(),
              cache ->
                  outcome == Outcome.HIT ? cache.stats().hitCount() : cache.stats().missCount())
          .description("Questions about windows that are not collected")
          .tag("outcome", outcome == Outcome.HIT ? "hit" : "miss")
          .register(registry);
    }
  }

  private enum Outcome {
    HIT,
    MISS
  }

  private static Duration lifetime(Question question, CachedTopK answer) {
    return question.isSettled() && answer.isComplete() ? FINAL_LIFETIME : LIVE_LIFETIME;
  }

  /**
   * The answer kept, or else the one that {@code shards} gives. Callers who ask the same at the
   * same time share one question to the shards.
   */
  public CompletableFuture<CachedTopK> get(
      Question question, Supplier<CompletableFuture<CachedTopK>> shards) {
    // A copy: a caller who gives up must not take the answer away from the others.
    return answers.get(question, (key, executor) -> shards.get()).copy();
  }
}
