package org.tallyring.aggregator.merge;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/*
 * Why the merge is exact
 * ----------------------
 * Every other key lives in one range and stands there before or after the key in question, so the
 * keys before it are the sum of those before it in each range. The N nearest rows above it are among
 * the N nearest above it in each range, for the reason that K of all are among K of each; the same
 * below.
 *
 * The range that holds the key answered first, with the count that the others were then asked to
 * compare with. Its own later answer, if there is one, may have another count and place for the key
 * itself, so that only the first is taken.
 */

/** Merges the places of a key in the ranges into its place in all. Pure functions. */
public final class RankMerge {

  private RankMerge() {}

  /**
   * The place of a key.
   *
   * @param holder what the range that holds the key answered
   * @param all what the ranges answered for the count of {@code holder}, with or without its own
   * @param neighbors how many rows to keep above and below
   */
  public static MergedRank merge(
      RangePosition holder, Collection<RangePosition> all, int neighbors) {
    Map<Integer, RangePosition> newest = OfRange.newest(all);
    newest.put(holder.rangeId(), holder);
    long before = 0;
    long total = 0;
    long revision = 0;
    long asOf = Long.MAX_VALUE;
    Quality quality = Quality.EXACT;
    List<Ranking> above = new ArrayList<>();
    List<Ranking> below = new ArrayList<>();
    for (RangePosition position : newest.values()) {
      before += position.before();
      total += position.total();
      revision += position.revision();
      asOf = Math.min(asOf, position.asOfMillis());
      quality = quality.or(position.quality());
      above.add(position.above());
      below.add(position.below());
    }
    boolean ranked = holder.count() != 0;
    return new MergedRank(
        ranked ? before + 1 : 0,
        total,
        holder.count(),
        ranked ? RangeMerge.top(above, Integer.MAX_VALUE).last(neighbors) : Ranking.EMPTY,
        ranked ? RangeMerge.top(below, neighbors) : Ranking.EMPTY,
        quality,
        revision,
        asOf,
        newest.size());
  }
}
