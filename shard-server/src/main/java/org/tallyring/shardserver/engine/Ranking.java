package org.tallyring.shardserver.engine;

import java.util.Arrays;
import java.util.List;
import org.tallyring.shardserver.engine.strategy.FrequentKeys;

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
  private final CountQuality quality;

  /**
   * A ranking.
   *
   * @param keys the keys, best first; not copied
   * @param counts their counts; not copied
   * @param revision how many batches corrected the window after it was final
   */
  public Ranking(byte[][] keys, long[] counts, long revision) {
    this(keys, counts, revision, CountQuality.EXACT);
  }

  private Ranking(byte[][] keys, long[] counts, long revision, CountQuality quality) {
    this.keys = keys;
    this.counts = counts;
    this.revision = revision;
    this.quality = quality;
  }

  /** The ranking of frequent keys, which are in its order. */
  static Ranking of(List<FrequentKeys.Entry> best, long revision) {
    return new Ranking(
        best.stream().map(entry -> entry.key().toByteArray()).toArray(byte[][]::new),
        best.stream().mapToLong(FrequentKeys.Entry::count).toArray(),
        revision);
  }

  /** The same with counts of another quality. */
  Ranking with(CountQuality other) {
    return new Ranking(keys, counts, revision, other);
  }

  /** How good the counts are. */
  public CountQuality quality() {
    return quality;
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
        && quality.equals(ranking.quality)
        && Arrays.equals(counts, ranking.counts)
        && Arrays.deepEquals(keys, ranking.keys);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Arrays.deepHashCode(keys) + Arrays.hashCode(counts))
        + Long.hashCode(revision)
        + quality.hashCode();
  }

  @Override
  public String toString() {
    return "Ranking[size=" + size() + ", revision=" + revision + "]";
  }
}
