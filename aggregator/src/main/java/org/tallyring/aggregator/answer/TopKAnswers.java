package org.tallyring.aggregator.answer;

import io.grpc.Status;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import org.tallyring.aggregator.cache.AnswerCache;
import org.tallyring.aggregator.cache.CachedTopK;
import org.tallyring.aggregator.cache.Question;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.collect.Coverage;
import org.tallyring.aggregator.collect.Holdings;
import org.tallyring.aggregator.collect.NamespaceDirectory;
import org.tallyring.aggregator.collect.OpenRankings;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.aggregator.collect.WindowKey;
import org.tallyring.aggregator.collect.WindowQueries;
import org.tallyring.aggregator.merge.MergedTopK;
import org.tallyring.aggregator.merge.RangeMerge;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.Criterion;
import org.tallyring.proto.internal.v1.QueryTopKRequest;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.window.Intervals;
import org.tallyring.proto.window.Selections;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
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

  /** Longer than an accepted event is on its way, and than the clocks of servers may differ. */
  private static final long SETTLING_MILLIS = 5_000;

  private final InstantSource clock;
  private final NamespaceDirectory namespaces;
  private final Holdings holdings;
  private final OpenRankings rankings;
  private final WindowQueries queries;
  private final AnswerCache cache;
  private final AnswerMetrics metrics;
  private final KeptChoices choices;

  /**
   * Answers from these sources.
   *
   * @param clock decides which windows are open and which are final
   */
  public TopKAnswers(
      InstantSource clock,
      NamespaceDirectory namespaces,
      Holdings holdings,
      OpenRankings rankings,
      WindowQueries queries,
      AnswerCache cache,
      KeptChoices choices,
      AnswerMetrics metrics) {
    this.clock = clock;
    this.namespaces = namespaces;
    this.holdings = holdings;
    this.rankings = rankings;
    this.queries = queries;
    this.cache = cache;
    this.choices = choices;
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
            metric ->
                Criteria.of(request, metric.namespace(), namespaces)
                    .thenCompose(
                        checked ->
                            answer(
                                checked.criterion().equals(Criterion.getDefaultInstance())
                                    ? metric
                                    : NamespaceDirectory.requireEveryKey(metric),
                                checked,
                                Selections.of(request.getWindow()),
                                k,
                                sample)))
        .thenApply(
            answer -> {
              Labels.check(answer.label(), request.getRequireComplete());
              return answer;
            });
  }

  private CompletableFuture<TopKAnswer> answer(
      CountedMetric metric,
      Criteria.Checked checked,
      TimeSelection selection,
      int k,
      AnswerMetrics.Sample sample) {
    Criterion criterion = checked.criterion();
    AskedMetrics asked = AskedMetrics.of(metric, checked.metrics());
    return choices.ask(
        asked,
        kept ->
            Selections.resolve(
                selection, clock.millis(), metric.latenessMillis(), asked.bucketWidth(), kept),
        resolved -> {
          sample.of(resolved.state());
          if (resolved.state() == Resolved.State.OPEN
              && criterion.equals(Criterion.getDefaultInstance())) {
            OpenRankings.Open open = rankings.read(window(metric, resolved.interval()));
            if (open.topK().holds(k)) {
              return CompletableFuture.completedFuture(
                  new KeptChoices.Answered<>(
                      open(metric, resolved, open, k), KeptBuckets.EVERYTHING));
            }
          }
          return asked(metric, asked, criterion, resolved, k);
        });
  }

  private CompletableFuture<KeptChoices.Answered<TopKAnswer>> asked(
      CountedMetric metric, AskedMetrics asked, Criterion criterion, Resolved resolved, int k) {
    Question question =
        new Question(
            metric.namespaceUid(),
            metric.definitionRevision(),
            metric.metric(),
            resolved.interval(),
            roundedUp(k),
            criterion,
            isSettled(resolved.interval(), metric, clock.millis()),
            lateCorrections(asked),
            holdings.ownershipChanges());
    return cache
        .get(question, () -> ask(metric, question))
        .thenApply(
            cached ->
                new KeptChoices.Answered<>(
                    answer(
                        metric,
                        resolved,
                        criterion,
                        cached.merged(),
                        cached.askedAtMillis(),
                        cached.rangesTotal(),
                        k),
                    cached.kept()));
  }

  private long lateCorrections(AskedMetrics asked) {
    return asked.definitions().stream()
        .mapToLong(each -> holdings.lateCorrections(asked.namespaceUid(), each.getName()))
        .sum();
  }

  private static boolean isSettled(Interval interval, CountedMetric metric, long nowMillis) {
    return interval.level() != WindowLevel.ALL
        && interval.endMillis() + metric.latenessMillis() + SETTLING_MILLIS <= nowMillis;
  }

  private static WindowKey window(CountedMetric metric, Interval interval) {
    return new WindowKey(
        metric.namespaceUid(), metric.metric(), interval.level(), interval.startMillis());
  }

  private TopKAnswer open(CountedMetric metric, Resolved resolved, OpenRankings.Open open, int k) {
    Coverage coverage = open.coverage();
    long asOf = coverage.rangesIncluded() == 0 ? clock.millis() : coverage.asOfMillis();
    return answer(
        metric,
        resolved,
        Criterion.getDefaultInstance(),
        open.topK(),
        asOf,
        coverage.rangesTotal(),
        k);
  }

  private CompletableFuture<CachedTopK> ask(CountedMetric metric, Question question) {
    long askedAt = clock.millis();
    QueryTopKRequest.Builder request =
        QueryTopKRequest.newBuilder()
            .setNamespace(metric.namespace())
            .setMetric(metric.metric())
            .setInterval(Intervals.toProto(question.interval()))
            .setK(question.k());
    if (!question.criterion().equals(Criterion.getDefaultInstance())) {
      request.setCriterion(question.criterion());
    }
    return queries
        .query(request.build())
        .thenApply(
            answered ->
                new CachedTopK(
                    RangeMerge.merge(answered.parts(), question.k()),
                    askedAt,
                    holdings.picture().rangeCount(),
                    answered.kept()));
  }

  private static TopKAnswer answer(
      CountedMetric metric,
      Resolved resolved,
      Criterion criterion,
      MergedTopK merged,
      long asOfMillis,
      int rangesTotal,
      int k) {
    return new TopKAnswer(
        metric,
        Labels.of(
            resolved,
            asOfMillis,
            merged.revision(),
            merged.ranking().quality(),
            rangesTotal,
            merged.rangesIncluded()),
        merged.ranking().first(k),
        criterion.getIncludeList(),
        criterion.getScoreCount() > 0);
  }

  /** Few different sizes are kept, since a long ranking holds every shorter one. */
  private static int roundedUp(int k) {
    return k <= 10 ? 10 : k <= 100 ? 100 : MAX_K;
  }
}
