package org.tallyring.shardserver.ownership;

/**
 * How ranges behave on a shard.
 *
 * @param snapshotBytes after how many bytes of journal a snapshot is taken
 * @param snapshotEntries after how many entries one is taken before that, if they have as many
 *     bytes as the last snapshot
 * @param inFlightBytes the most bytes of batches that a shard holds unanswered, over all ranges
 */
public record RangeSettings(long snapshotBytes, long snapshotEntries, long inFlightBytes) {

  /** A snapshot each 64 MiB or 1,024 entries, 64 MiB unanswered. */
  public static final RangeSettings DEFAULT = new RangeSettings(64L << 20, 1024, 64L << 20);
}
