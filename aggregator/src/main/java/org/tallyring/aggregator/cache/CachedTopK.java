package org.tallyring.aggregator.cache;

import org.tallyring.aggregator.merge.MergedTopK;

/**
 * The answer to a question that was asked of the shards.
 *
 * @param merged the ranking over all ranges that answered
 * @param askedAtMillis when the question was put, in milliseconds since 1970-01-01T00:00:00Z
 * @param rangesTotal how many ranges the cluster had then
 */
public record CachedTopK(MergedTopK merged, long askedAtMillis, int rangesTotal) {

  /** Whether every range is in it. */
  public boolean isComplete() {
    return merged.rangesIncluded() == rangesTotal;
  }
}
