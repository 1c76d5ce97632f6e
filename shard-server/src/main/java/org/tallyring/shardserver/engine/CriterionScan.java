package org.tallyring.shardserver.engine;

import java.util.List;
import org.tallyring.topology.window.Interval;

/** Finds the best {@code k} keys of one namespace by a criterion or by growth, in one pass. */
final class CriterionScan {

  private final NamespaceCounts namespace;
  private final IntervalCounts counts;
  private final RankingHeap heap;

  /** The worst of what goes into the answer. */
  private CountQuality quality = CountQuality.EXACT;

  CriterionScan(NamespaceCounts namespace, String metric, Interval interval, int k) {
    this.namespace = namespace;
    this.counts = judged(IntervalCounts.of(namespace, metric, interval));
    this.heap = new RankingHeap(namespace.keys(), k);
  }

  /**
   * The best by a criterion.
   *
   * @throws ScoreOverflowException if the score of a key that meets the conditions leaves 64 bits
   * @throws KeysNotHeldException if a metric of a condition or of the score holds some keys only
   */
  CriterionRanking by(Criterion criterion, Interval interval) {
    List<IntervalCounts> conditions =
        criterion.where().stream().map(filter -> judged(filter.metric(), interval)).toList();
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
              criterion.score().stream().map(term -> judged(term.metric(), interval)).toList());
      quality = quality.or(new CountQuality(scores.maxError(), 0, CountQuality.NOTHING_MISSING));
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
        criterion.include().stream().map(metric -> shown(metric, interval)).toList();
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

  /** The best by growth in an interval; only what grows is ranked. */
  CriterionRanking by(Growth growth, String metric, Interval interval) {
    MetricCounts counted = namespace.metric(metric);
    Growth scale = counted != null && counted.countsUsers() ? growth.ofUsers(interval) : growth;
    // Not folded: few keys reach the least count, so few are looked up in the buckets.
    IntervalCounts baseline = IntervalCounts.byBucket(namespace, metric, growth.baseline());
    quality = quality.or(baseline.quality());
    counts.forEach(
        (slot, count) -> {
          if (count >= growth.minCount()) {
            long score = scale.scoreMicros(count, baseline.get(slot));
            if (score > 0) {
              heap.accept(slot, score);
            }
          }
        });
    return result(slot -> new long[] {counts.get(slot), baseline.get(slot)});
  }

  private IntervalCounts judged(String metric, Interval interval) {
    return judged(IntervalCounts.of(namespace, metric, interval));
  }

  /** Counts that decide which keys are ranked and where. */
  private IntervalCounts judged(IntervalCounts every) {
    quality = quality.or(every.quality());
    return every.ofEveryKey().folded();
  }

  /** Counts that stand beside the few keys found, and so are looked up a few times only. */
  private IntervalCounts shown(String metric, Interval interval) {
    IntervalCounts beside = IntervalCounts.of(namespace, metric, interval);
    quality = quality.or(beside.quality());
    return beside;
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
    Ranking ranking = heap.drain(counts.revision()).with(quality);
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
