package org.tallyring.aggregator.answer;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.collect.NamespaceDirectory;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.Criterion;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.MetricFilter;
import org.tallyring.proto.v1.ScoreTerm;

/** Checks what a question says about other metrics than the one that is ranked. */
final class Criteria {

  private static final int MAX_PARTS = 8;
  private static final long MAX_WEIGHT_MICROS = 1_000_000_000_000_000L;

  /** Of most questions. */
  private static final CompletableFuture<Checked> NONE =
      CompletableFuture.completedFuture(new Checked(Criterion.getDefaultInstance(), List.of()));

  private Criteria() {}

  /**
   * A criterion and what it is about.
   *
   * @param criterion empty if a question has none
   * @param metrics the other metrics in it
   */
  record Checked(Criterion criterion, List<CountedMetric> metrics) {}

  /**
   * The criterion of a question.
   *
   * @param namespace the namespace that its metrics are of
   * @return fails with INVALID_ARGUMENT for parts that cannot be, with NOT_FOUND for a metric that
   *     does not exist, and with FAILED_PRECONDITION for one of a condition or score that does not
   *     hold every key
   */
  static CompletableFuture<Checked> of(
      GetTopKRequest request, String namespace, NamespaceDirectory namespaces) {
    if (request.getIncludeCount() + request.getWhereCount() + request.getScoreCount() == 0) {
      return NONE;
    }
    Set<String> judged = new LinkedHashSet<>();
    try {
      checkInclude(request.getIncludeList());
      checkWhere(request.getWhereList(), judged);
      checkScore(request.getScoreList(), judged);
    } catch (RuntimeException refused) {
      return CompletableFuture.failedFuture(refused);
    }
    Criterion criterion =
        Criterion.newBuilder()
            .addAllInclude(request.getIncludeList())
            .addAllWhere(request.getWhereList())
            .addAllScore(request.getScoreList())
            .build();
    Set<String> names = new LinkedHashSet<>(judged);
    names.addAll(request.getIncludeList());
    List<CompletableFuture<CountedMetric>> known =
        names.stream()
            .map(
                metric ->
                    judged.contains(metric)
                        ? namespaces.resolveRanked(namespace, metric)
                        : namespaces.resolve(namespace, metric))
            .toList();
    return CompletableFuture.allOf(known.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> new Checked(criterion, known.stream().map(CompletableFuture::join).toList()));
  }

  private static void checkInclude(List<String> include) {
    checkSize("include", include.size());
    Set<String> seen = new HashSet<>();
    for (String metric : include) {
      checkNamed("include", metric);
      if (!seen.add(metric)) {
        throw bad("include", metric + " twice (expected: each metric once)");
      }
    }
  }

  private static void checkWhere(List<MetricFilter> where, Set<String> metrics) {
    checkSize("where", where.size());
    Set<MetricFilter> seen = new HashSet<>();
    for (MetricFilter filter : where) {
      checkNamed("where", filter.getMetric());
      switch (filter.getComparison()) {
        case COMPARISON_UNSPECIFIED, UNRECOGNIZED ->
            throw bad("where", filter.getMetric() + " (expected: one of >= <= > < =)");
        default -> metrics.add(filter.getMetric());
      }
      if (!seen.add(filter)) {
        throw bad("where", filter.getMetric() + " twice (expected: each condition once)");
      }
    }
  }

  private static void checkScore(List<ScoreTerm> score, Set<String> metrics) {
    checkSize("score", score.size());
    Set<String> seen = new HashSet<>();
    for (ScoreTerm term : score) {
      checkNamed("score", term.getMetric());
      long weight = term.getWeightMicros();
      if (weight == 0 || weight > MAX_WEIGHT_MICROS || weight < -MAX_WEIGHT_MICROS) {
        throw bad(
            "score",
            "weight of "
                + term.getMetric()
                + " "
                + weight
                + " millionths (expected: not 0, from -10^15 to 10^15)");
      }
      if (!seen.add(term.getMetric())) {
        throw bad("score", term.getMetric() + " twice (expected: one term for each metric)");
      }
    }
    metrics.addAll(seen);
  }

  private static void checkSize(String field, int size) {
    if (size > MAX_PARTS) {
      throw bad(field, size + " (expected: at most " + MAX_PARTS + ")");
    }
  }

  /** Elsewhere an empty name means the first metric; here it can only be a mistake. */
  private static void checkNamed(String field, String metric) {
    if (metric.isEmpty()) {
      throw bad(field, "no metric (expected: the name of one)");
    }
  }

  private static RuntimeException bad(String field, String what) {
    return Errors.invalid(ErrorReason.ERROR_REASON_BAD_PARAMETER, field, field + ": " + what);
  }
}
