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
import org.tallyring.aggregator.merge.MergedRank;
import org.tallyring.aggregator.merge.Quality;
import org.tallyring.aggregator.merge.RangePosition;
import org.tallyring.aggregator.merge.RankMerge;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.QueryRankRequest;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetRankRequest;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.window.Intervals;
import org.tallyring.proto.window.Selections;
import org.tallyring.topology.name.KeyRules;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.Moment;
import org.tallyring.topology.window.Resolved;
import org.tallyring.topology.window.TimeSelection;

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

  private static final MergedRank NOWHERE =
      new MergedRank(0, 0, 0, Ranking.EMPTY, Ranking.EMPTY, Quality.EXACT, 0, 0, 0);

  private final InstantSource clock;
  private final NamespaceDirectory namespaces;
  private final Holdings holdings;
  private final RankQueries queries;
  private final KeptChoices choices;

  /**
   * Answers from these sources.
   *
   * @param clock decides which windows are open and which are final
   */
  public RankAnswers(
      InstantSource clock,
      NamespaceDirectory namespaces,
      Holdings holdings,
      RankQueries queries,
      KeptChoices choices) {
    this.clock = clock;
    this.namespaces = namespaces;
    this.holdings = holdings;
    this.queries = queries;
    this.choices = choices;
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
        .resolveRanked(request.getNamespace(), request.getMetric())
        .thenCompose(metric -> answer(request, metric, Selections.of(request.getWindow())))
        .thenApply(
            answer -> {
              Labels.check(answer.label(), request.getRequireComplete());
              return answer;
            });
  }

  private CompletableFuture<RankAnswer> answer(
      GetRankRequest request, CountedMetric metric, TimeSelection selection) {
    return place(request, metric, selection, request.getNeighbors())
        .thenCompose(
            placed -> {
              CompletableFuture<@Nullable MergedRank> previous =
                  request.getComparePrevious()
                      ? place(request, metric, before(request, placed.resolved()), 0)
                          .thenApply(Placed::merged)
                      : CompletableFuture.completedFuture(null);
              return previous.thenApply(before -> answer(metric, placed, before));
            });
  }

  /** The answer is as good as the worse of what it compares. */
  private RankAnswer answer(CountedMetric metric, Placed placed, @Nullable MergedRank previous) {
    MergedRank merged = placed.merged();
    Quality quality = previous == null ? merged.quality() : merged.quality().or(previous.quality());
    return new RankAnswer(
        metric,
        label(placed.resolved(), merged, quality),
        merged,
        previous == null ? null : previous.rank());
  }

  /** The window before, or the span of the same length that ends where this one starts. */
  private static TimeSelection before(GetRankRequest request, Resolved resolved) {
    Interval interval = resolved.interval();
    return resolved.isSpan()
        ? TimeSelection.span(
            ProtoTimes.duration(request.getWindow().getLast()), Moment.at(interval.startMillis()))
        : TimeSelection.window(
            interval.level(), Moment.at(interval.level().previous(interval.startMillis())));
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
    if (request.getComparePrevious() && request.getWindow().getWindow() == Window.WINDOW_ALL) {
      return Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_WINDOW,
          "compare_previous",
          "compare_previous: all time (expected: a window that has one before it)");
    }
    return holdings.picture().isKnown() ? null : ShardCalls.noShard();
  }

  /** A place and what it is of. */
  private record Placed(Resolved resolved, MergedRank merged) {}

  private CompletableFuture<Placed> place(
      GetRankRequest request, CountedMetric metric, TimeSelection selection, int neighbors) {
    return choices.ask(
        AskedMetrics.of(metric),
        kept ->
            Selections.resolve(
                selection, clock.millis(), metric.latenessMillis(), metric.bucketWidth(), kept),
        resolved ->
            merged(
                QueryRankRequest.newBuilder()
                    .setNamespace(metric.namespace())
                    .setMetric(metric.metric())
                    .setInterval(Intervals.toProto(resolved.interval()))
                    .setKey(request.getKey())
                    .setNeighbors(neighbors)
                    .build(),
                resolved));
  }

  private CompletableFuture<KeptChoices.Answered<Placed>> merged(
      QueryRankRequest question, Resolved resolved) {
    return queries
        .positions(question)
        .thenCompose(
            found -> {
              RangePosition holder =
                  found.parts().stream()
                      .reduce((a, b) -> a.epoch() >= b.epoch() ? a : b)
                      .orElse(null);
              if (!found.kept().equals(KeptBuckets.EVERYTHING)) {
                // Other buckets are to be chosen; nobody sees this.
                return CompletableFuture.completedFuture(
                    new KeptChoices.Answered<>(new Placed(resolved, NOWHERE), found.kept()));
              }
              if (holder == null) {
                throw noOwner();
              }
              return queries
                  .positions(question.toBuilder().setCount(holder.count()).build())
                  .thenApply(
                      all ->
                          new KeptChoices.Answered<>(
                              new Placed(
                                  resolved,
                                  RankMerge.merge(holder, all.parts(), question.getNeighbors())),
                              all.kept()));
            });
  }

  private AnswerLabel label(Resolved resolved, MergedRank merged, Quality quality) {
    return Labels.of(
        resolved,
        merged.asOfMillis(),
        merged.revision(),
        quality,
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
