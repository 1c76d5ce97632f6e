package org.tallyring.shardserver.engine;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Ranks keys by other counts than one: limits the ranking to keys whose counts meet conditions,
 * orders it by a score, and names counts that stand beside it. All metrics of a key live in one
 * range, so that a range answers all of it by itself.
 *
 * @param include metrics whose counts stand beside each key
 * @param where conditions that must all hold
 * @param score the terms of the score to order by; none to order by the count
 */
public record Criterion(List<String> include, List<Filter> where, List<Term> score) {

  /** How many of each there may be. */
  public static final int MAX_PARTS = 8;

  /**
   * The largest weight, in millionths. It keeps the sum of 8 products with counts of 64 bits below
   * 2^116, so that 128 bits hold every sum and only the result has to be checked.
   */
  public static final long MAX_WEIGHT_MICROS = 1_000_000_000_000_000L;

  /** The criterion that changes nothing. */
  public static final Criterion NONE = new Criterion(List.of(), List.of(), List.of());

  /** How a count compares with a value. */
  public enum Comparison {
    /** The count is the value or more. */
    AT_LEAST,
    /** The count is the value or less. */
    AT_MOST,
    /** The count is more. */
    ABOVE,
    /** The count is less. */
    BELOW,
    /** The count is the value. */
    EQUAL;

    boolean holds(long count, long value) {
      return switch (this) {
        case AT_LEAST -> count >= value;
        case AT_MOST -> count <= value;
        case ABOVE -> count > value;
        case BELOW -> count < value;
        case EQUAL -> count == value;
      };
    }
  }

  /**
   * A condition on the count of one metric.
   *
   * @param metric the metric
   * @param comparison how its count must compare
   * @param value with what
   */
  public record Filter(String metric, Comparison comparison, long value) {}

  /**
   * A summand of a score.
   *
   * @param metric the metric whose count is weighted
   * @param weightMicros the weight in millionths
   */
  public record Term(String metric, long weightMicros) {}

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if there are too many parts, a metric has two terms, or a
   *     weight is 0 or too large
   */
  public Criterion {
    checkSize("include", include.size());
    checkSize("where", where.size());
    checkSize("score", score.size());
    Set<String> weighted = new HashSet<>();
    for (Term term : score) {
      if (!weighted.add(term.metric())) {
        throw new IllegalArgumentException(
            "score: " + term.metric() + " twice (expected: one term for each metric)");
      }
      if (term.weightMicros() == 0
          || term.weightMicros() > MAX_WEIGHT_MICROS
          || term.weightMicros() < -MAX_WEIGHT_MICROS) {
        throw new IllegalArgumentException(
            "score: weight of "
                + term.weightMicros()
                + " millionths (expected: not 0, from -10^15 to 10^15)");
      }
    }
  }

  private static void checkSize(String name, int size) {
    if (size > MAX_PARTS) {
      throw new IllegalArgumentException(
          name + ": " + size + " (expected: at most " + MAX_PARTS + ")");
    }
  }
}
