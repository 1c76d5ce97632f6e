package org.tallyring.aggregator.answer;

import io.grpc.Status;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.collect.Holdings;
import org.tallyring.aggregator.collect.NamespaceDirectory;
import org.tallyring.aggregator.collect.RankQueries;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.aggregator.collect.Windows;
import org.tallyring.aggregator.merge.MergedRank;
import org.tallyring.aggregator.merge.RangePosition;
import org.tallyring.aggregator.merge.RankMerge;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.QueryRankRequest;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetRankRequest;
import org.tallyring.topology.name.KeyRules;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * Answers where keys stand. Thread-safe and never blocking.
 *
 * <p>In two steps: the range that holds the key says what its count is, then every range says how
 * many keys come before a key of that count. The moments of the ranges' views differ by a second at
 * most; within each range the answer is exact as of its moment, and the label carries the oldest.
 */
public final class RankAnswers {

  /** The most rows that can be asked for on each side. */
  public static final int MAX_NEIGHBORS = 100;

  private static final Duration NO_OWNER_RETRY_DELAY = Duration.ofMillis(500);

  private final InstantSource clock;
  private final NamespaceDirectory namespaces;
  private final Holdings holdings;
  private final RankQueries queries;

  /**
   * Answers from these sources.
   *
   * @param clock decides which windows are open and which are final
   */
  public RankAnswers(
      InstantSource clock, NamespaceDirectory namespaces, Holdings holdings, RankQueries queries) {
    this.clock = clock;
    this.namespaces = namespaces;
    this.holdings = holdings;
    this.queries = queries;
  }

  /**
   * Answers one question.
   *
   * @return fails with a {@link io.grpc.StatusRuntimeException} that carries a reason: for what is
   *     wrong with the question, for what does not exist, for a key whose range has no owner, or
   *     for an answer that would lack ranges if that was not wanted
   */
  public CompletableFuture<RankAnswer> answer(GetRankRequest request) {
    RuntimeException refusal = refusal(request);
    if (refusal != null) {
      return CompletableFuture.failedFuture(refusal);
    }
    return namespaces
        .resolve(request.getNamespace(), request.getMetric())
        .thenCompose(
            metric -> {
              WindowChoice choice =
                  WindowChoice.of(request.getWindow(), clock.millis(), metric.latenessMillis());
              Interval interval = choice.interval();
              if (request.getComparePrevious() && interval.level() == WindowLevel.ALL) {
                throw Errors.invalid(
                    ErrorReason.ERROR_REASON_BAD_WINDOW,
                    "compare_previous",
                    "compare_previous: all time (expected: a window that has one before it)");
              }
              CompletableFuture<@Nullable Long> previous =
                  request.getComparePrevious()
                      ? rank(request, metric, interval.previous(), 0).thenApply(MergedRank::rank)
                      : CompletableFuture.completedFuture(null);
              return rank(request, metric, interval, request.getNeighbors())
                  .thenCombine(
                      previous,
                      (merged, before) ->
                          new RankAnswer(metric, label(choice, merged), merged, before));
            })
        .thenApply(
            answer -> {
              Labels.check(answer.label(), request.getRequireComplete());
              return answer;
            });
  }

  private @Nullable RuntimeException refusal(GetRankRequest request) {
    // Unsigned in the message: what is negative here is too large.
    if (request.getNeighbors() < 0 || request.getNeighbors() > MAX_NEIGHBORS) {
      return Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_PARAMETER,
          "neighbors",
          "neighbors: "
              + Integer.toUnsignedString(request.getNeighbors())
              + " (expected: 0.."
              + MAX_NEIGHBORS
              + ")");
    }
    byte[] key = request.getKey().toByteArray();
    String violation = KeyRules.violation(key, 0, key.length);
    if (violation != null) {
      return Errors.invalid(ErrorReason.ERROR_REASON_BAD_KEY, "key", violation);
    }
    return holdings.picture().isKnown() ? null : ShardCalls.noShard();
  }

  private CompletableFuture<MergedRank> rank(
      GetRankRequest request, CountedMetric metric, Interval interval, int neighbors) {
    QueryRankRequest question =
        QueryRankRequest.newBuilder()
            .setNamespace(metric.namespace())
            .setMetric(metric.metric())
            .setInterval(Windows.interval(interval))
            .setKey(request.getKey())
            .setNeighbors(neighbors)
            .build();
    return queries
        .positions(question)
        .thenCompose(
            positions -> {
              RangePosition holder =
                  positions.stream()
                      .reduce((a, b) -> a.epoch() >= b.epoch() ? a : b)
                      .orElseThrow(RankAnswers::noOwner);
              return queries
                  .positions(question.toBuilder().setCount(holder.count()).build())
                  .thenApply(all -> RankMerge.merge(holder, all, neighbors));
            });
  }

  private AnswerLabel label(WindowChoice choice, MergedRank merged) {
    return Labels.of(
        choice.interval(),
        false,
        choice.state() == WindowChoice.State.FINAL,
        merged.asOfMillis(),
        merged.revision(),
        holdings.picture().rangeCount(),
        merged.rangesIncluded());
  }

  /** There is no rank to show, and a rank without the key's own count would be none. */
  private static RuntimeException noOwner() {
    return Errors.retryable(
        Status.Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_RANGE_UNAVAILABLE,
        "the key's range has no live owner at the moment",
        NO_OWNER_RETRY_DELAY);
  }
}
