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
import org.tallyring.aggregator.merge.RangeMerge;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.Interval;
import org.tallyring.proto.internal.v1.QueryTopKRequest;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.topology.window.WindowLevel;

/**
 * Answers questions for rankings: open windows from what was collected, any other window from the
 * cache or the shards. Thread-safe and never blocking.
 */
public final class TopKAnswers {

  /** The most keys that can be asked for. */
  public static final int MAX_K = 1000;

  /** How many keys are meant when the question does not say. */
  public static final int DEFAULT_K = 10;

  private static final Duration INCOMPLETE_RETRY_DELAY = Duration.ofMillis(500);

  private final InstantSource clock;
  private final NamespaceDirectory namespaces;
  private final Holdings holdings;
  private final WindowQueries queries;
  private final AnswerCache cache;
  private final AnswerMetrics metrics;

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
            metric -> {
              WindowChoice choice =
                  WindowChoice.of(request.getWindow(), clock.millis(), metric.latenessMillis());
              sample.of(choice.state());
              return choice.state() == WindowChoice.State.OPEN
                  ? CompletableFuture.completedFuture(open(metric, choice, k))
                  : asked(metric, choice, k);
            })
        .thenApply(answer -> checked(answer, request.getRequireComplete()));
  }

  private TopKAnswer open(CountedMetric metric, WindowChoice choice, int k) {
    OpenWindow window = holdings.read(key(metric, choice));
    long asOf = window.parts().isEmpty() ? clock.millis() : window.coverage().asOfMillis();
    return answer(
        metric,
        choice,
        RangeMerge.merge(window.parts(), k),
        asOf,
        window.coverage().rangesTotal(),
        k);
  }

  private CompletableFuture<TopKAnswer> asked(CountedMetric metric, WindowChoice choice, int k) {
    Question question =
        new Question(
            key(metric, choice),
            roundedUp(k),
            choice.state() == WindowChoice.State.FINAL,
            holdings.lateCorrections(metric.namespaceUid(), metric.metric()),
            holdings.ownershipChanges());
    return cache
        .get(question, () -> ask(metric, question))
        .thenApply(
            cached ->
                answer(
                    metric,
                    choice,
                    cached.merged(),
                    cached.askedAtMillis(),
                    cached.rangesTotal(),
                    k));
  }

  private CompletableFuture<CachedTopK> ask(CountedMetric metric, Question question) {
    long askedAt = clock.millis();
    return queries
        .query(
            QueryTopKRequest.newBuilder()
                .setNamespace(metric.namespace())
                .setMetric(metric.metric())
                .setInterval(interval(question.window()))
                .setK(question.k())
                .build())
        .thenApply(
            parts ->
                new CachedTopK(
                    RangeMerge.merge(parts, question.k()),
                    askedAt,
                    holdings.picture().rangeCount()));
  }

  private static Interval interval(WindowKey window) {
    boolean endless = window.level() == WindowLevel.ALL;
    return Interval.newBuilder()
        .setBucket(Windows.window(window.level()))
        .setStartMillis(window.startMillis())
        .setEndMillis(endless ? 0 : window.level().end(window.startMillis()))
        .build();
  }

  private static TopKAnswer answer(
      CountedMetric metric,
      WindowChoice choice,
      MergedTopK merged,
      long asOfMillis,
      int rangesTotal,
      int k) {
    AnswerLabel.Builder label =
        AnswerLabel.newBuilder()
            .setWindow(Windows.window(choice.level()))
            .setAsOfTime(WindowChoice.timestamp(asOfMillis))
            .setFinal(choice.state() == WindowChoice.State.FINAL)
            .setRevision(merged.revision())
            .setExact(merged.ranking().quality().isExact())
            .setMaxError(merged.ranking().quality().maxError())
            .setStandardError(merged.ranking().quality().standardError())
            .setRangesTotal(rangesTotal)
            .setRangesIncluded(merged.rangesIncluded());
    merged
        .ranking()
        .quality()
        .sinceMillis()
        .ifPresent(since -> label.setSinceTime(WindowChoice.timestamp(since)));
    if (choice.level() != WindowLevel.ALL) {
      label
          .setStartTime(WindowChoice.timestamp(choice.startMillis()))
          .setEndTime(WindowChoice.timestamp(choice.level().end(choice.startMillis())));
    }
    return new TopKAnswer(metric, label.build(), merged.ranking().first(k));
  }

  private static TopKAnswer checked(TopKAnswer answer, boolean requireComplete) {
    AnswerLabel label = answer.label();
    if (requireComplete && label.getRangesIncluded() < label.getRangesTotal()) {
      throw Errors.retryable(
          Status.Code.UNAVAILABLE,
          ErrorReason.ERROR_REASON_INCOMPLETE,
          "only "
              + label.getRangesIncluded()
              + " of "
              + label.getRangesTotal()
              + " ranges can be included now",
          INCOMPLETE_RETRY_DELAY);
    }
    return answer;
  }

  private static WindowKey key(CountedMetric metric, WindowChoice choice) {
    return new WindowKey(
        metric.namespaceUid(), metric.metric(), choice.level(), choice.startMillis());
  }

  /** Few different sizes are kept, since a long ranking holds every shorter one. */
  private static int roundedUp(int k) {
    return k <= 10 ? 10 : k <= 100 ? 100 : MAX_K;
  }
}
