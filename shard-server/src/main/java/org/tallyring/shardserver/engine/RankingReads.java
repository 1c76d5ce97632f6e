package org.tallyring.shardserver.engine;

import org.tallyring.topology.window.Interval;

/**
 * The rankings of a range that are more than the best keys by one count. Reads only, and only on
 * the range's writer.
 */
public final class RankingReads {

  private final RangeState state;

  RankingReads(RangeState state) {
    this.state = state;
  }

  /**
   * The best keys by a criterion.
   *
   * @throws ScoreOverflowException if a score leaves 64 bits of millionths
   * @throws KeysNotHeldException if the ranked metric, or one of a condition or the score, counts
   *     heavy hitters
   */
  public CriterionRanking best(
      long namespaceUid, String metric, Interval interval, Criterion criterion, int k) {
    NamespaceCounts namespace = state.namespaces.get(namespaceUid);
    return namespace == null
        ? CriterionRanking.EMPTY
        : new CriterionScan(namespace, metric, interval, k).by(criterion, interval);
  }

  /**
   * The keys that grow most.
   *
   * @throws KeysNotHeldException if the metric counts heavy hitters
   */
  public CriterionRanking growing(
      long namespaceUid, String metric, Interval interval, Growth growth, int k) {
    NamespaceCounts namespace = state.namespaces.get(namespaceUid);
    return namespace == null
        ? CriterionRanking.EMPTY
        : new CriterionScan(namespace, metric, interval, k).by(growth, metric, interval);
  }

  /** What tells the present counts of an interval from those that a view shows. */
  public RankedView.State state(long namespaceUid, String metric, Interval interval) {
    return IntervalCounts.state(state.metric(namespaceUid, metric), interval);
  }

  /**
   * Begins a view of the present counts.
   *
   * @throws KeysNotHeldException if the metric counts heavy hitters
   */
  public RankedViewBuild view(long namespaceUid, String metric, Interval interval) {
    NamespaceCounts namespace = state.namespaces.get(namespaceUid);
    NamespaceCounts known = namespace == null ? new NamespaceCounts(namespaceUid, "") : namespace;
    return new RankedViewBuild(
        known.keys(), IntervalCounts.of(known, metric, interval).ofEveryKey());
  }
}
