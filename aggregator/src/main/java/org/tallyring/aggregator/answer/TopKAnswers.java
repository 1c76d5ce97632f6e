package org.tallyring.aggregator.answer;

import io.grpc.Status;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import org.tallyring.aggregator.cache.AnswerCache;
import org.tallyring.aggregator.cache.CachedTopK;
import org.tallyring.aggregator.cache.Question;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.collect.Holdings;
import org.tallyring.aggregator.collect.NamespaceDirectory;
import org.tallyring.aggregator.collect.OpenWindow;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.aggregator.collect.WindowKey;
import org.tallyring.aggregator.collect.WindowQueries;
import org.tallyring.aggregator.collect.Windows;
import org.tallyring.aggregator.merge.MergedTopK;
import org.tallyring.aggregator.merge.Quality;
import org.tallyring.aggregator.merge.RangeMerge;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.QueryTopKRequest;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.Resolved;
import org.tallyring.topology.window.TimeSelection;
import org.tallyring.topology.window.WindowLevel;

/**
 * Answers questions for rankings: open windows from what was collected, any other window and spans
 * from the cache or the shards. Thread-safe and never blocking.
 */
public final class TopKAnswers {

  /** The most keys that can be asked for. */
  public static final int MAX_K = 1000;

  /** How many keys are meant when the question does not say. */
  public static final int DEFAULT_K = 10;

  /**
   * How often buckets are chosen. The second time it is known what the ranges keep that could not
   * answer the first time, and the others keep coarser buckets for longer; one more is for a bucket
   * that is retired in between.
   */
  private static final int MAX_ROUNDS = 3;

  /** Longer than an accepted event is on its way, and than the clocks of servers may differ. */
  private static final long SETTLING_MILLIS = 5_000;

  private static final Duration INCOMPLETE_RETRY_DELAY = Duration.ofMillis(500);

  private final InstantSource clock;
  private final NamespaceDirectory namespaces;
  private final Holdings holdings;
  private final WindowQueries queries;
  private final AnswerCache cache;
  private final AnswerMetrics metrics;
  private final KnownRetention retention = new KnownRetention();

  /**
   * Answers from these sources.
   *
   * @param clock decides which windows are open and which are final
   */
  public TopKAnswers(
      InstantSource clock,
      NamespaceDirectory namespaces,
      Holdings holdings,
      WindowQueries queries,
      AnswerCache cache,
      AnswerMetrics metrics) {
    this.clock = clock;
    this.namespaces = namespaces;
    this.holdings = holdings;
    this.queries = queries;
    this.cache = cache;
    this.metrics = metrics;
  }

  /**
   * Answers one question.
   *
   * @return fails with a {@link io.grpc.StatusRuntimeException} that carries a reason: for what is
   *     wrong with the question, for what does not exist, or for an answer that would lack ranges
   *     if that was not wanted
   */
  public CompletableFuture<TopKAnswer> answer(GetTopKRequest request) {
    AnswerMetrics.Sample sample = metrics.begin();
    return answer(request, sample)
        .whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                sample.answered(answer.label());
              } else {
                sample.failed(Status.fromThrowable(failure).getCode());
              }
            });
  }

  private CompletableFuture<TopKAnswer> answer(
      GetTopKRequest request, AnswerMetrics.Sample sample) {
    int k = request.hasK() ? request.getK() : DEFAULT_K;
    if (k < 1 || k > MAX_K) {
      return CompletableFuture.failedFuture(
          Errors.invalid(
              ErrorReason.ERROR_REASON_BAD_K, "k", "k: " + k + " (expected: 1.." + MAX_K + ")"));
    }
    if (!holdings.picture().isKnown()) {
      return CompletableFuture.failedFuture(ShardCalls.noShard());
    }
    return namespaces
        .resolve(request.getNamespace(), request.getMetric())
        .thenCompose(
            metric -> answer(metric, Selections.of(request.getWindow()), k, sample, MAX_ROUNDS))
        .thenApply(answer -> checked(answer, request.getRequireComplete()));
  }

  private CompletableFuture<TopKAnswer> answer(
      CountedMetric metric,
      TimeSelection selection,
      int k,
      AnswerMetrics.Sample sample,
      int rounds) {
    long now = clock.millis();
    Resolved resolved =
        Selections.resolve(
            selection, now, metric.latenessMillis(), retention.of(metric.namespaceUid()));
    sample.of(resolved.state());
    if (resolved.state() == Resolved.State.OPEN) {
      return CompletableFuture.completedFuture(open(metric, resolved, k));
    }
    Question question =
        new Question(
            metric.namespaceUid(),
            metric.metric(),
            resolved.interval(),
            roundedUp(k),
            isSettled(resolved.interval(), metric, now),
            holdings.lateCorrections(metric.namespaceUid(), metric.metric()),
            holdings.ownershipChanges());
    return cache
        .get(question, () -> ask(metric, question))
        .thenCompose(
            cached -> {
              if (cached.kept().keeps(resolved.interval())) {
                return CompletableFuture.completedFuture(
                    answer(
                        metric,
                        resolved,
                        cached.merged(),
                        cached.askedAtMillis(),
                        cached.rangesTotal(),
                        k));
              }
              if (rounds == 1) {
                throw incomplete(cached.merged().rangesIncluded(), cached.rangesTotal());
              }
              retention.learn(metric.namespaceUid(), cached.kept());
              return answer(metric, selection, k, sample, rounds - 1);
            });
  }

  private static boolean isSettled(Interval interval, CountedMetric metric, long nowMillis) {
    return interval.endMillis() + metric.latenessMillis() + SETTLING_MILLIS <= nowMillis;
  }

  private TopKAnswer open(CountedMetric metric, Resolved resolved, int k) {
    Interval window = resolved.interval();
    OpenWindow held =
        holdings.read(
            new WindowKey(
                metric.namespaceUid(), metric.metric(), window.level(), window.startMillis()));
    long asOf = held.parts().isEmpty() ? clock.millis() : held.coverage().asOfMillis();
    return answer(
        metric,
        resolved,
        RangeMerge.merge(held.parts(), k),
        asOf,
        held.coverage().rangesTotal(),
        k);
  }

  private CompletableFuture<CachedTopK> ask(CountedMetric metric, Question question) {
    long askedAt = clock.millis();
    return queries
        .query(
            QueryTopKRequest.newBuilder()
                .setNamespace(metric.namespace())
                .setMetric(metric.metric())
                .setInterval(message(question.interval()))
                .setK(question.k())
                .build())
        .thenApply(
            answered ->
                new CachedTopK(
                    RangeMerge.merge(answered.parts(), question.k()),
                    askedAt,
                    holdings.picture().rangeCount(),
                    answered.kept()));
  }

  private static org.tallyring.proto.internal.v1.Interval message(Interval interval) {
    return org.tallyring.proto.internal.v1.Interval.newBuilder()
        .setBucket(Windows.window(interval.level()))
        .setStartMillis(interval.startMillis())
        .setEndMillis(interval.level() == WindowLevel.ALL ? 0 : interval.endMillis())
        .build();
  }

  private static TopKAnswer answer(
      CountedMetric metric,
      Resolved resolved,
      MergedTopK merged,
      long asOfMillis,
      int rangesTotal,
      int k) {
    Quality quality = merged.ranking().quality();
    AnswerLabel.Builder label =
        Selections.label(resolved)
            .setAsOfTime(ProtoTimes.timestamp(asOfMillis))
            .setRevision(merged.revision())
            .setExact(quality.isExact())
            .setMaxError(quality.maxError())
            .setStandardError(quality.standardError())
            .setRangesTotal(rangesTotal)
            .setRangesIncluded(merged.rangesIncluded());
    quality.sinceMillis().ifPresent(since -> label.setSinceTime(ProtoTimes.timestamp(since)));
    return new TopKAnswer(metric, label.build(), merged.ranking().first(k));
  }

  private static TopKAnswer checked(TopKAnswer answer, boolean requireComplete) {
    AnswerLabel label = answer.label();
    if (requireComplete && label.getRangesIncluded() < label.getRangesTotal()) {
      throw incomplete(label.getRangesIncluded(), label.getRangesTotal());
    }
    return answer;
  }

  private static RuntimeException incomplete(int included, int total) {
    return Errors.retryable(
        Status.Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_INCOMPLETE,
        "only " + included + " of " + total + " ranges can be included now",
        INCOMPLETE_RETRY_DELAY);
  }

  /** Few different sizes are kept, since a long ranking holds every shorter one. */
  private static int roundedUp(int k) {
    return k <= 10 ? 10 : k <= 100 ? 100 : MAX_K;
  }
}
