package org.tallyring.aggregator.answer;

import io.grpc.Status;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.tallyring.aggregator.cache.AnswerCache;
import org.tallyring.aggregator.cache.CachedTopK;
import org.tallyring.aggregator.cache.Question;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.collect.Holdings;
import org.tallyring.aggregator.collect.NamespaceDirectory;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.aggregator.collect.WindowQueries;
import org.tallyring.aggregator.merge.RangeMerge;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.Criterion;
import org.tallyring.proto.internal.v1.Growth;
import org.tallyring.proto.internal.v1.QueryTopKRequest;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetTrendingRequest;
import org.tallyring.proto.window.Intervals;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.Resolved;
import org.tallyring.topology.window.WindowLevel;

/**
 * Answers which keys grow most. Thread-safe and never blocking.
 *
 * <p>What has elapsed of the hour is told to the shards, in whole seconds: so all score by the same
 * number, and questions of the same second share one answer.
 */
public final class TrendingAnswers {

  /** The longest baseline, in hours: a week. */
  public static final int MAX_BASELINE_HOURS = 168;

  private static final int DEFAULT_BASELINE_HOURS = 24;
  private static final long DEFAULT_MIN_COUNT = 10;
  private static final long SECOND_MILLIS = 1_000;

  private final InstantSource clock;
  private final NamespaceDirectory namespaces;
  private final Holdings holdings;
  private final WindowQueries queries;
  private final AnswerCache cache;
  private final KeptChoices choices;

  /**
   * Answers from these sources.
   *
   * @param clock decides which hour is the current one and how much of it has elapsed
   */
  public TrendingAnswers(
      InstantSource clock,
      NamespaceDirectory namespaces,
      Holdings holdings,
      WindowQueries queries,
      AnswerCache cache,
      KeptChoices choices) {
    this.clock = clock;
    this.namespaces = namespaces;
    this.holdings = holdings;
    this.queries = queries;
    this.cache = cache;
    this.choices = choices;
  }

  /**
   * Answers one question.
   *
   * @return fails with a {@link io.grpc.StatusRuntimeException} that carries a reason, as rankings
   *     do
   */
  public CompletableFuture<TrendingAnswer> answer(GetTrendingRequest request) {
    int k = request.hasK() ? request.getK() : TopKAnswers.DEFAULT_K;
    int hours = request.hasBaselineHours() ? request.getBaselineHours() : DEFAULT_BASELINE_HOURS;
    long minCount = request.hasMinCount() ? request.getMinCount() : DEFAULT_MIN_COUNT;
    RuntimeException refusal = refusal(k, hours, minCount);
    if (refusal != null) {
      return CompletableFuture.failedFuture(refusal);
    }
    return namespaces
        .resolveRanked(request.getNamespace(), request.getMetric())
        .thenCompose(
            metric -> {
              long now = clock.millis();
              Interval hour = Interval.window(WindowLevel.HOUR, WindowLevel.HOUR.start(now));
              return choices.ask(
                  AskedMetrics.of(metric),
                  kept -> baseline(hour, hours, metric.bucketWidth(), kept),
                  baseline -> asked(metric, hour, now, baseline, minCount, k));
            })
        .thenApply(
            answer -> {
              Labels.check(answer.label(), request.getRequireComplete());
              return answer;
            });
  }

  private @Nullable RuntimeException refusal(int k, int hours, long minCount) {
    if (k < 1 || k > TopKAnswers.MAX_K) {
      return Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_K,
          "k",
          "k: " + k + " (expected: 1.." + TopKAnswers.MAX_K + ")");
    }
    if (hours < 1 || hours > MAX_BASELINE_HOURS) {
      return Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_PARAMETER,
          "baseline_hours",
          "baseline_hours: " + hours + " (expected: 1.." + MAX_BASELINE_HOURS + ")");
    }
    if (minCount < 1) {
      return Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_PARAMETER,
          "min_count",
          "min_count: " + minCount + " (expected: at least 1)");
    }
    return holdings.picture().isKnown() ? null : ShardCalls.noShard();
  }

  /**
   * The hours before, or those of them that are still kept; where none is, as by a sliding window,
   * the minutes. What a sliding window keeps moves by the millisecond: an edge that is a minute's
   * is still kept when the ranges are asked again.
   */
  private static Interval baseline(Interval hour, int hours, BucketWidth width, KeptBuckets kept) {
    if (!kept.keeps(hour)) {
      throw notRetained(
          "hour: " + Instant.ofEpochMilli(hour.startMillis()) + " (expected: one that is kept)",
          kept.from(WindowLevel.HOUR));
    }
    long start = hour.startMillis();
    for (int i = 0; i < hours; i++) {
      start = WindowLevel.HOUR.previous(start);
    }
    long fromHour = Math.max(start, kept.from(WindowLevel.HOUR));
    if (fromHour < hour.startMillis()) {
      return new Interval(WindowLevel.HOUR, fromHour, hour.startMillis());
    }
    long fromMinute =
        BucketWidth.MINUTE
            .common(width)
            .endAtOrAfter(WindowLevel.MINUTE, Math.max(start, kept.from(WindowLevel.MINUTE)));
    if (fromMinute < hour.startMillis()) {
      return new Interval(WindowLevel.MINUTE, width, fromMinute, hour.startMillis());
    }
    throw notRetained(
        "baseline_hours: " + hours + " (expected: hours that are kept, of which there are none)",
        kept.from(WindowLevel.MINUTE));
  }

  private static RuntimeException notRetained(String message, long keptFromMillis) {
    return Errors.of(
        Status.Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_WINDOW_NOT_RETAINED,
        message,
        Map.of("keptFromMillis", Long.toString(keptFromMillis)));
  }

  private static long elapsedMillis(Interval hour, long now) {
    long seconds = (now - hour.startMillis()) / SECOND_MILLIS;
    return Math.max(1, seconds) * SECOND_MILLIS;
  }

  private CompletableFuture<KeptChoices.Answered<TrendingAnswer>> asked(
      CountedMetric metric, Interval hour, long now, Interval baseline, long minCount, int k) {
    Criterion criterion =
        Criterion.newBuilder()
            .setGrowth(
                Growth.newBuilder()
                    .setBaseline(Intervals.toProto(baseline))
                    .setElapsedMillis(elapsedMillis(hour, now))
                    .setMinCount(minCount))
            .build();
    Question question =
        new Question(
            metric.namespaceUid(),
            metric.definitionRevision(),
            metric.metric(),
            hour,
            k,
            criterion,
            false,
            holdings.lateCorrections(metric.namespaceUid(), metric.metric()),
            holdings.ownershipChanges());
    return cache
        .get(question, () -> ask(metric, question))
        .thenApply(
            cached ->
                new KeptChoices.Answered<>(
                    new TrendingAnswer(
                        metric,
                        Labels.of(
                            new Resolved(hour, false, Resolved.State.OPEN),
                            cached.askedAtMillis(),
                            cached.merged().revision(),
                            cached.merged().ranking().quality(),
                            cached.rangesTotal(),
                            cached.merged().rangesIncluded()),
                        cached.merged().ranking().first(k),
                        baseline),
                    cached.kept()));
  }

  private CompletableFuture<CachedTopK> ask(CountedMetric metric, Question question) {
    long askedAt = clock.millis();
    return queries
        .query(
            QueryTopKRequest.newBuilder()
                .setNamespace(metric.namespace())
                .setMetric(metric.metric())
                .setInterval(Intervals.toProto(question.interval()))
                .setK(question.k())
                .setCriterion(question.criterion())
                .build())
        .thenApply(
            answered ->
                new CachedTopK(
                    RangeMerge.merge(answered.parts(), question.k()),
                    askedAt,
                    holdings.picture().rangeCount(),
                    answered.kept()));
  }
}
