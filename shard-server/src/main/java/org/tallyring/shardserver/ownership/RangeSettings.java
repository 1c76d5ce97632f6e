package org.tallyring.shardserver.ownership;

/**
 * How ranges behave on a shard.
 *
 * @param snapshotBytes after how many bytes of journal a snapshot is taken
 * @param inFlightBytes the most bytes of batches that a shard holds unanswered, over all ranges
 */
public record RangeSettings(long snapshotBytes, long inFlightBytes) {

  /** A snapshot each 64 MiB, 64 MiB unanswered. */
  public static final RangeSettings DEFAULT = new RangeSettings(64L << 20, 64L << 20);
}
