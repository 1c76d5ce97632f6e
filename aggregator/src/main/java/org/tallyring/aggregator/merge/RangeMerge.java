package org.tallyring.aggregator.merge;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/*
 * Why the merge is exact
 * ----------------------
 * A key lives wholly in one range, so its count in that range is its count. If a key is among the K
 * best of the cluster, fewer than K keys come before it anywhere, hence fewer than K in its own range,
 * so it is among the K best of its range: the K best of every range contain the K best of all. Nothing
 * is added up and no key appears twice, which leaves a merge of sorted lists.
 *
 * Nothing in the argument is about counts: it holds for any order that a range can tell of a key by
 * itself, hence for scores and growth too, as long as each range chose its K by the same order. The
 * numbers beside a key travel with its row.
 *
 * A range may leave out keys below a floor that whoever asks does not need. Among the keys that reach
 * the highest floor of all ranges nobody is missing, so these are the best of all as far as they go, and
 * the merge ends there. It is the threshold algorithm (Fagin, Lotem, Naor: "Optimal aggregation algorithms
 * for middleware", 2003) where each object stands in one list only.
 *
 * Two answers for one range would break the second half of the argument. They occur while a range
 * moves, when the old owner has not noticed yet; the epochs tell which of them is the owner.
 *
 * Cost: a heap with one cursor per range; K removals and additions, each log2(ranges) comparisons. K
 * = 1000 of 64 ranges are about 6,000 comparisons.
 */

/** Merges what ranges contribute into one ranking. Pure functions. */
public final class RangeMerge {

  private RangeMerge() {}

  /** The {@code k} best over all parts; of several parts of a range the highest epoch counts. */
  public static MergedTopK merge(Collection<RangePart> parts, int k) {
    Map<Integer, RangePart> newest = OfRange.newest(parts);
    List<Ranking> rankings = new ArrayList<>(newest.size());
    long revision = 0;
    long floor = RangePart.NO_FLOOR;
    for (RangePart part : newest.values()) {
      rankings.add(part.ranking());
      revision += part.revision();
      floor = Math.max(floor, part.floor());
    }
    return new MergedTopK(top(rankings, k).downTo(floor), revision, newest.size(), floor);
  }

  /** The {@code k} best of rankings that have no key in common. */
  static Ranking top(List<Ranking> rankings, int k) {
    PriorityQueue<Cursor> heap = new PriorityQueue<>(Math.max(1, rankings.size()));
    int rows = 0;
    Quality quality = Quality.EXACT;
    int besideEach = 0;
    for (Ranking ranking : rankings) {
      quality = quality.or(ranking.quality());
      if (ranking.size() > 0) {
        heap.add(new Cursor(ranking));
        rows += ranking.size();
        besideEach = ranking.besideEach();
      }
    }
    Ranking.Builder best = new Ranking.Builder(Math.min(k, rows), besideEach);
    while (best.size() < k) {
      Cursor cursor = heap.poll();
      if (cursor == null) {
        break;
      }
      best.add(cursor.ranking, cursor.place);
      if (++cursor.place < cursor.ranking.size()) {
        heap.add(cursor);
      }
    }
    return best.build().with(quality);
  }

  /** The best row of a ranking that has not been taken yet. */
  private static final class Cursor implements Comparable<Cursor> {

    final Ranking ranking;
    int place;

    Cursor(Ranking ranking) {
      this.ranking = ranking;
    }

    @Override
    public int compareTo(Cursor other) {
      return ranking.compare(place, other.ranking, other.place);
    }
  }
}
