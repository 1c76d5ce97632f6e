package org.tallyring.shardserver.grpc;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.QueryTopKRequest;
import org.tallyring.proto.internal.v1.RangeRanking;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricFilter;
import org.tallyring.proto.window.Intervals;
import org.tallyring.shardserver.engine.Criterion;
import org.tallyring.shardserver.engine.CriterionRanking;
import org.tallyring.shardserver.engine.Growth;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.RankingReads;
import org.tallyring.shardserver.engine.WindowKey;
import org.tallyring.topology.window.Interval;

/** Rankings by a criterion on the wire between shards and aggregators. */
final class CriterionMessages {

  private CriterionMessages() {}

  /**
   * What to ask of each range.
   *
   * @return throws what {@link RankingReads} throws
   * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT, if the criterion cannot be
   */
  static Function<RangeEngine, RangeRanking.Builder> question(
      org.tallyring.proto.internal.v1.Criterion message,
      WindowKey window,
      Interval interval,
      int k) {
    Function<RankingReads, CriterionRanking> question;
    try {
      if (message.hasGrowth()) {
        Growth growth = growth(message.getGrowth());
        question =
            reads -> reads.growing(window.namespaceUid(), window.metric(), interval, growth, k);
      } else {
        Criterion criterion = criterion(message);
        question =
            reads -> reads.best(window.namespaceUid(), window.metric(), interval, criterion, k);
      }
    } catch (IllegalArgumentException bad) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_PARAMETER, "criterion", String.valueOf(bad.getMessage()));
    }
    return engine -> message(window, question.apply(engine.rankings()));
  }

  /** All metrics that a question is answered from. */
  static Set<String> metrics(QueryTopKRequest request) {
    Set<String> metrics = new HashSet<>(request.getCriterion().getIncludeList());
    metrics.add(request.getMetric());
    request.getCriterion().getWhereList().forEach(filter -> metrics.add(filter.getMetric()));
    request.getCriterion().getScoreList().forEach(term -> metrics.add(term.getMetric()));
    return metrics;
  }

  private static Growth growth(org.tallyring.proto.internal.v1.Growth message) {
    return new Growth(
        Intervals.fromProto(message.getBaseline()),
        message.getElapsedMillis(),
        message.getMinCount());
  }

  private static Criterion criterion(org.tallyring.proto.internal.v1.Criterion message) {
    return new Criterion(
        message.getIncludeList(),
        message.getWhereList().stream()
            .map(
                filter ->
                    new Criterion.Filter(
                        filter.getMetric(), comparison(filter.getComparison()), filter.getValue()))
            .toList(),
        message.getScoreList().stream()
            .map(term -> new Criterion.Term(term.getMetric(), term.getWeightMicros()))
            .toList());
  }

  private static Criterion.Comparison comparison(MetricFilter.Comparison message) {
    return switch (message) {
      case COMPARISON_AT_LEAST -> Criterion.Comparison.AT_LEAST;
      case COMPARISON_AT_MOST -> Criterion.Comparison.AT_MOST;
      case COMPARISON_ABOVE -> Criterion.Comparison.ABOVE;
      case COMPARISON_BELOW -> Criterion.Comparison.BELOW;
      case COMPARISON_EQUAL -> Criterion.Comparison.EQUAL;
      case COMPARISON_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalArgumentException(
              "where: " + message + " (expected: a comparison that is known)");
    };
  }

  private static RangeRanking.Builder message(WindowKey window, CriterionRanking found) {
    RangeRanking.Builder message = RankingMessages.ranking(window, found.ranking());
    for (long[] row : found.beside()) {
      for (long number : row) {
        message.addBeside(number);
      }
    }
    return message;
  }
}
