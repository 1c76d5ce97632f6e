package org.tallyring.aggregator.collect;

/**
 * How much of the cluster the collected rankings cover.
 *
 * @param rangesTotal how many ranges there are; 0 while the topology is unknown
 * @param rangesIncluded for how many of them the present owner's publication is held
 * @param asOfMillis the oldest of those publications, in milliseconds since 1970-01-01T00:00:00Z;
 *     {@link Long#MAX_VALUE} if there are none
 */
public record Coverage(int rangesTotal, int rangesIncluded, long asOfMillis) {

  /** Whether every range is included. */
  public boolean isComplete() {
    return rangesTotal > 0 && rangesIncluded == rangesTotal;
  }
}
