package org.tallyring.shardserver.engine;

import java.util.Arrays;

/**
 * The keys with the highest counts of a metric in one window of one range, best first: higher count
 * first, equal counts by the keys' bytes, ascending and unsigned. A count of 0 is not ranked, a
 * negative one is.
 *
 * <p>Immutable by convention: nobody writes to the arrays given.
 */
public final class Ranking {

  /** The ranking of a window in which nothing was counted. */
  public static final Ranking EMPTY = new Ranking(new byte[0][], new long[0], 0);

  private final byte[][] keys;
  private final long[] counts;
  private final long revision;

  /**
   * A ranking.
   *
   * @param keys the keys, best first; not copied
   * @param counts their counts; not copied
   * @param revision how many batches corrected the window after it was final
   */
  public Ranking(byte[][] keys, long[] counts, long revision) {
    this.keys = keys;
    this.counts = counts;
    this.revision = revision;
  }

  /** How many keys it has. */
  public int size() {
    return keys.length;
  }

  /** How many batches corrected the window after it was final. */
  public long revision() {
    return revision;
  }

  /** The key in a place, 0 for the best. */
  public byte[] key(int place) {
    return keys[place];
  }

  /** The count in a place, 0 for the best. */
  public long count(int place) {
    return counts[place];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Ranking ranking
        && revision == ranking.revision
        && Arrays.equals(counts, ranking.counts)
        && Arrays.deepEquals(keys, ranking.keys);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Arrays.deepHashCode(keys) + Arrays.hashCode(counts))
        + Long.hashCode(revision);
  }

  @Override
  public String toString() {
    return "Ranking[size=" + size() + ", revision=" + revision + "]";
  }
}
