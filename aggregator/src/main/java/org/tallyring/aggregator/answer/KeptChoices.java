package org.tallyring.aggregator.answer;

import com.github.benmanes.caffeine.cache.Ticker;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.tallyring.topology.window.KeptBuckets;

/**
 * Chooses the buckets that a question is answered from, and again when ranges do not keep those any
 * more. Thread-safe.
 */
public final class KeptChoices {

  /**
   * How often buckets are chosen. The second time it is known what the ranges keep that could not
   * answer the first time, and the others keep coarser buckets for longer; only a choice that falls
   * back on finer buckets, of which they have not told then, takes a third. One more is for a
   * bucket that is retired in between.
   */
  private static final int MAX_ROUNDS = 4;

  private final KnownRetention retention;

  /**
   * Nothing known to be retired.
   *
   * @param ticker a monotonic clock, in nanoseconds
   */
  public KeptChoices(Ticker ticker) {
    retention = new KnownRetention(ticker);
  }

  /**
   * An answer.
   *
   * @param answer the answer, which is to be used only if all ranges could answer
   * @param kept what those ranges keep that could not; everything if there are none
   */
  record Answered<A>(A answer, KeptBuckets kept) {}

  /**
   * Asks until all ranges that answer keep what was chosen.
   *
   * @param metrics what the question is about
   * @param choose the buckets, from what is known to be kept; may throw if there are none
   * @param question the question about those
   * @return fails with UNAVAILABLE if they retire more each time
   */
  <C, A> CompletableFuture<A> ask(
      AskedMetrics metrics,
      Function<KeptBuckets, C> choose,
      Function<C, CompletableFuture<Answered<A>>> question) {
    return ask(metrics, choose, question, MAX_ROUNDS);
  }

  private <C, A> CompletableFuture<A> ask(
      AskedMetrics metrics,
      Function<KeptBuckets, C> choose,
      Function<C, CompletableFuture<Answered<A>>> question,
      int rounds) {
    return question
        .apply(choose.apply(retention.of(metrics)))
        .thenCompose(
            answered -> {
              if (answered.kept().equals(KeptBuckets.EVERYTHING)) {
                return CompletableFuture.completedFuture(answered.answer());
              }
              if (rounds == 1) {
                throw Labels.incomplete(
                    "not all ranges keep the buckets of this time at the moment");
              }
              retention.learn(metrics, answered.kept());
              return ask(metrics, choose, question, rounds - 1);
            });
  }
}
