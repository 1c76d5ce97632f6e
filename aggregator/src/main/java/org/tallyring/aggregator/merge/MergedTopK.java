package org.tallyring.aggregator.merge;

/**
 * One ranking over all ranges that contributed.
 *
 * @param ranking the best keys; those below the floor are not among them
 * @param revision the sum of the ranges' revisions
 * @param rangesIncluded how many different ranges contributed
 * @param floor the highest count below which some range left out keys; {@link RangePart#NO_FLOOR}
 *     if none did
 */
public record MergedTopK(Ranking ranking, long revision, int rangesIncluded, long floor) {

  /** Whether it holds the best {@code k}: they are there, or there are no others. */
  public boolean holds(int k) {
    return ranking.size() >= k || floor == RangePart.NO_FLOOR;
  }
}
