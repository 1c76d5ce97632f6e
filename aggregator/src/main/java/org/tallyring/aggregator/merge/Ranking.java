package org.tallyring.aggregator.merge;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keys with their counts, best first: a higher count before a lower one, equal counts by the keys'
 * bytes, ascending and unsigned. Immutable. Where keys are ordered by something else, a score, that
 * is what stands for the count here.
 *
 * <p>Beside each key there may be other numbers, as many for each.
 *
 * <p>The keys lie in one block, as they travel, because an aggregator holds a thousand of them for
 * each range, metric and window: an object per key would cost three times the bytes of the key.
 */
public final class Ranking {

  /** The ranking of nothing. */
  public static final Ranking EMPTY =
      new Ranking(new byte[0], new int[] {0}, new long[0], new long[0]);

  private final byte[] keys;
  // Key i is keys[offsets[i], offsets[i + 1]).
  private final int[] offsets;
  private final long[] counts;
  // Row by row.
  private final long[] beside;
  private final Quality quality;

  /** The last answer of {@link #first}. Any other would do as well, so no lock is needed. */
  private volatile @Nullable Ranking lastFirst;

  private Ranking(byte[] keys, int[] offsets, long[] counts, long[] beside) {
    this(keys, offsets, counts, beside, Quality.EXACT);
  }

  private Ranking(byte[] keys, int[] offsets, long[] counts, long[] beside, Quality quality) {
    this.keys = keys;
    this.offsets = offsets;
    this.counts = counts;
    this.beside = beside;
    this.quality = quality;
  }

  /** The same with counts of another quality. */
  public Ranking with(Quality other) {
    return new Ranking(keys, offsets, counts, beside, other);
  }

  /** How good the counts are. */
  public Quality quality() {
    return quality;
  }

  /** As {@link #of(byte[], List, List, List)}, with nothing beside the keys. */
  public static Ranking of(byte[] keys, List<Integer> keyLengths, List<Long> counts) {
    return of(keys, keyLengths, counts, List.of());
  }

  /**
   * A ranking of columns that came from elsewhere.
   *
   * @param keys all keys, one after the other; not copied, so the caller gives it away
   * @param beside the numbers beside the keys, key by key, as many for each
   * @throws IllegalArgumentException if the columns do not fit each other or are not in order: a
   *     merge of such columns would be wrong without a sign of it
   */
  public static Ranking of(
      byte[] keys, List<Integer> keyLengths, List<Long> counts, List<Long> beside) {
    int size = keyLengths.size();
    if (counts.size() != size) {
      throw new IllegalArgumentException(
          "counts: " + counts.size() + " (expected: one for each of " + size + " keys)");
    }
    if (size == 0 ? !beside.isEmpty() : beside.size() % size != 0) {
      throw new IllegalArgumentException(
          "beside: " + beside.size() + " (expected: as many for each of " + size + " keys)");
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
    long[] numbers = new long[beside.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = beside.get(i);
    }
    Ranking ranking = new Ranking(keys, offsets, countColumn, numbers);
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

  /** How many numbers stand beside each key. */
  public int besideEach() {
    return counts.length == 0 ? 0 : beside.length / counts.length;
  }

  /** One of the numbers beside the key at a place, 0 being the first. */
  public long beside(int place, int index) {
    return beside[place * besideEach() + index];
  }

  /** Those with at least this count. */
  Ranking downTo(long lowest) {
    int size = size();
    while (size > 0 && counts[size - 1] < lowest) {
      size--;
    }
    return first(size);
  }

  /**
   * The best {@code k}, or all of them when there are fewer. Asked for the same {@code k} again, it
   * is most likely the same object, so that what was made of it can be used again.
   */
  public Ranking first(int k) {
    if (k >= size()) {
      return this;
    }
    Ranking known = lastFirst;
    if (known == null || known.size() != k) {
      known = rows(0, k);
      lastFirst = known;
    }
    return known;
  }

  /** The last {@code k}, or all of them when there are fewer. */
  Ranking last(int k) {
    return k >= size() ? this : rows(size() - k, size());
  }

  private Ranking rows(int from, int to) {
    int[] rowOffsets = new int[to - from + 1];
    for (int i = 0; i < rowOffsets.length; i++) {
      rowOffsets[i] = offsets[from + i] - offsets[from];
    }
    int each = besideEach();
    return new Ranking(
        Arrays.copyOfRange(keys, offsets[from], offsets[to]),
        rowOffsets,
        Arrays.copyOfRange(counts, from, to),
        Arrays.copyOfRange(beside, from * each, to * each),
        quality);
  }

  /** About how many bytes of memory it takes. */
  public int byteSize() {
    return keys.length
        + Integer.BYTES * offsets.length
        + Long.BYTES * (counts.length + beside.length)
        + 64;
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
    private final long[] beside;
    private final int besideEach;
    private int size;

    Builder(int capacity, int besideEach) {
      this.besideEach = besideEach;
      offsets = new int[capacity + 1];
      counts = new long[capacity];
      beside = new long[capacity * besideEach];
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
      System.arraycopy(from.beside, place * besideEach, beside, size * besideEach, besideEach);
      offsets[++size] = end;
    }

    Ranking build() {
      return new Ranking(
          Arrays.copyOf(keys, offsets[size]),
          Arrays.copyOf(offsets, size + 1),
          Arrays.copyOf(counts, size),
          Arrays.copyOf(beside, size * besideEach));
    }
  }
}
