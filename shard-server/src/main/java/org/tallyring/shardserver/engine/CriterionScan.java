package org.tallyring.shardserver.engine;

import java.util.List;
import org.tallyring.topology.window.Interval;

/** Finds the best {@code k} keys of one namespace by a criterion or by growth, in one pass. */
final class CriterionScan {

  private final NamespaceCounts namespace;
  private final IntervalCounts counts;
  private final RankingHeap heap;

  CriterionScan(NamespaceCounts namespace, String metric, Interval interval, int k) {
    this.namespace = namespace;
    this.counts = IntervalCounts.of(namespace, metric, interval).folded();
    this.heap = new RankingHeap(namespace.keys(), k);
  }

  /**
   * The best by a criterion.
   *
   * @throws ScoreOverflowException if the score of a key that meets the conditions leaves 64 bits
   */
  CriterionRanking by(Criterion criterion, Interval interval) {
    List<IntervalCounts> conditions =
        criterion.where().stream().map(filter -> folded(filter.metric(), interval)).toList();
    if (criterion.score().isEmpty()) {
      counts.forEach(
          (slot, count) -> {
            if (isAdmitted(criterion.where(), conditions, slot)) {
              heap.accept(slot, count);
            }
          });
    } else {
      Scores scores =
          new Scores(
              criterion.score(),
              criterion.score().stream().map(term -> folded(term.metric(), interval)).toList());
      scores.forEachSlot(
          slot -> {
            if (isAdmitted(criterion.where(), conditions, slot)) {
              long score = scores.of(slot);
              if (score != 0) {
                heap.accept(slot, score);
              }
            }
          });
    }
    List<IntervalCounts> included =
        criterion.include().stream().map(metric -> folded(metric, interval)).toList();
    int others = criterion.score().isEmpty() ? 0 : 1;
    return result(
        slot -> {
          long[] row = new long[others + included.size()];
          if (others > 0) {
            row[0] = counts.get(slot);
          }
          for (int i = 0; i < included.size(); i++) {
            row[others + i] = included.get(i).get(slot);
          }
          return row;
        });
  }

  /** The best by growth; only what grows is ranked. */
  CriterionRanking by(Growth growth, String metric) {
    // Not folded: few keys reach the least count, so few are looked up in the buckets.
    IntervalCounts baseline = IntervalCounts.of(namespace, metric, growth.baseline());
    counts.forEach(
        (slot, count) -> {
          if (count >= growth.minCount()) {
            long score = growth.scoreMicros(count, baseline.get(slot));
            if (score > 0) {
              heap.accept(slot, score);
            }
          }
        });
    return result(slot -> new long[] {counts.get(slot), baseline.get(slot)});
  }

  private IntervalCounts folded(String metric, Interval interval) {
    return IntervalCounts.of(namespace, metric, interval).folded();
  }

  private static boolean isAdmitted(
      List<Criterion.Filter> where, List<IntervalCounts> conditions, int slot) {
    for (int i = 0; i < where.size(); i++) {
      Criterion.Filter filter = where.get(i);
      if (!filter.comparison().holds(conditions.get(i).get(slot), filter.value())) {
        return false;
      }
    }
    return true;
  }

  private CriterionRanking result(RowOfSlot rowOfSlot) {
    Ranking ranking = heap.drain(counts.revision());
    long[][] beside = new long[ranking.size()][];
    for (int i = 0; i < beside.length; i++) {
      beside[i] = rowOfSlot.row(namespace.keys().slotOf(ranking.key(i)));
    }
    return new CriterionRanking(ranking, beside);
  }

  private interface RowOfSlot {
    long[] row(int slot);
  }
}
