package org.tallyring.aggregator.cache;

import org.tallyring.aggregator.merge.MergedTopK;
import org.tallyring.topology.window.KeptBuckets;

/**
 * The answer to a question that was asked of the shards.
 *
 * @param merged the ranking over all ranges that answered
 * @param askedAtMillis when the question was put, in milliseconds since 1970-01-01T00:00:00Z
 * @param rangesTotal how many ranges the cluster had then
 * @param kept what those ranges keep that could not answer because they have retired a part of the
 *     interval; everything if there are none
 */
public record CachedTopK(MergedTopK merged, long askedAtMillis, int rangesTotal, KeptBuckets kept) {

  /** Whether every range is in it. */
  public boolean isComplete() {
    return merged.rangesIncluded() == rangesTotal;
  }
}
