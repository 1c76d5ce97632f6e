package org.tallyring.aggregator.merge;

import java.util.Arrays;
import java.util.List;

/**
 * Keys with their counts, best first: a higher count before a lower one, equal counts by the keys'
 * bytes, ascending and unsigned. Immutable.
 *
 * <p>The keys lie in one block, as they travel, because an aggregator holds a thousand of them for
 * each range, metric and window: an object per key would cost three times the bytes of the key.
 */
public final class Ranking {

  /** The ranking of nothing. */
  public static final Ranking EMPTY = new Ranking(new byte[0], new int[] {0}, new long[0]);

  private final byte[] keys;
  // Key i is keys[offsets[i], offsets[i + 1]).
  private final int[] offsets;
  private final long[] counts;
  private final Quality quality;

  private Ranking(byte[] keys, int[] offsets, long[] counts) {
    this(keys, offsets, counts, Quality.EXACT);
  }

  private Ranking(byte[] keys, int[] offsets, long[] counts, Quality quality) {
    this.keys = keys;
    this.offsets = offsets;
    this.counts = counts;
    this.quality = quality;
  }

  /** The same with counts of another quality. */
  public Ranking with(Quality other) {
    return new Ranking(keys, offsets, counts, other);
  }

  /** How good the counts are. */
  public Quality quality() {
    return quality;
  }

  /**
   * A ranking of columns that came from elsewhere.
   *
   * @param keys all keys, one after the other; not copied, so the caller gives it away
   * @throws IllegalArgumentException if the columns do not fit each other or are not in order: a
   *     merge of such columns would be wrong without a sign of it
   */
  public static Ranking of(byte[] keys, List<Integer> keyLengths, List<Long> counts) {
    int size = keyLengths.size();
    if (counts.size() != size) {
      throw new IllegalArgumentException(
          "counts: " + counts.size() + " (expected: one for each of " + size + " keys)");
    }
    int[] offsets = new int[size + 1];
    long[] countColumn = new long[size];
    long end = 0;
    for (int i = 0; i < size; i++) {
      int length = keyLengths.get(i);
      end += Integer.toUnsignedLong(length);
      if (end > keys.length) {
        break;
      }
      offsets[i + 1] = (int) end;
      countColumn[i] = counts.get(i);
    }
    if (end != keys.length) {
      throw new IllegalArgumentException(
          "keyLengths: sum " + end + " (expected: " + keys.length + ", the bytes of all keys)");
    }
    Ranking ranking = new Ranking(keys, offsets, countColumn);
    for (int i = 1; i < size; i++) {
      if (ranking.compare(i - 1, ranking, i) >= 0) {
        throw new IllegalArgumentException(
            "ranking: row " + i + " does not come after the row before it (expected: best first)");
      }
    }
    return ranking;
  }

  /** How many keys. */
  public int size() {
    return counts.length;
  }

  /** A copy of the key at a place, 0 being the best. */
  public byte[] key(int place) {
    return Arrays.copyOfRange(keys, offsets[place], offsets[place + 1]);
  }

  /** The count at a place, 0 being the best. */
  public long count(int place) {
    return counts[place];
  }

  /** The best {@code k}, or all of them when there are fewer. */
  public Ranking first(int k) {
    if (k >= size()) {
      return this;
    }
    return new Ranking(
        Arrays.copyOf(keys, offsets[k]),
        Arrays.copyOf(offsets, k + 1),
        Arrays.copyOf(counts, k),
        quality);
  }

  /** About how many bytes of memory it takes. */
  public int byteSize() {
    return keys.length + Integer.BYTES * offsets.length + Long.BYTES * counts.length + 64;
  }

  /** Negative if the row here comes before the other ranking's row, positive if after. */
  int compare(int place, Ranking other, int otherPlace) {
    int byCount = Long.compare(other.counts[otherPlace], counts[place]);
    return byCount != 0
        ? byCount
        : Arrays.compareUnsigned(
            keys,
            offsets[place],
            offsets[place + 1],
            other.keys,
            other.offsets[otherPlace],
            other.offsets[otherPlace + 1]);
  }

  /** Collects rows that are added in order. Not thread-safe. */
  static final class Builder {

    private byte[] keys = new byte[256];
    private final int[] offsets;
    private final long[] counts;
    private int size;

    Builder(int capacity) {
      offsets = new int[capacity + 1];
      counts = new long[capacity];
    }

    int size() {
      return size;
    }

    void add(Ranking from, int place) {
      int start = from.offsets[place];
      int length = from.offsets[place + 1] - start;
      int end = offsets[size] + length;
      if (end > keys.length) {
        keys = Arrays.copyOf(keys, Math.max(end, 2 * keys.length));
      }
      System.arraycopy(from.keys, start, keys, offsets[size], length);
      counts[size] = from.counts[place];
      offsets[++size] = end;
    }

    Ranking build() {
      return new Ranking(
          Arrays.copyOf(keys, offsets[size]),
          Arrays.copyOf(offsets, size + 1),
          Arrays.copyOf(counts, size));
    }
  }
}
