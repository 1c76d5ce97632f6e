package org.tallyring.shardserver.engine.strategy;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * The heavy hitters of a stream in bounded memory, with a bound on the error: the counters of Misra
 * and Gries (Finding Repeated Elements, 1982) with the purge of Anderson et al. (A High-Performance
 * Algorithm for Identifying Frequent Items in Data Streams, IMC 2017), which is what DataSketches'
 * frequent items are.
 *
 * <p>At most 3/4 of the map's size are held. When one more comes, the median of all counts is taken
 * off every count and those that reach 0 are dropped; the sum of the medians is the {@link
 * #maxError}: a key's true count lies between what is held for it and that plus the error, and a
 * key that is not held has at most the error.
 *
 * <p>Not DataSketches' own class, because that takes the median of a sample of its table, whose
 * layout its stored form does not keep: an engine restored from a snapshot would purge other keys
 * than one that ran on. The median of all counts depends on the counts alone.
 */
public final class FrequentKeys {

  /** The map size when none is given. */
  public static final int DEFAULT_MAP_SIZE = 4096;

  /** The least map size. */
  public static final int MIN_MAP_SIZE = 8;

  /** The largest map size. */
  public static final int MAX_MAP_SIZE = 1 << 20;

  /** About how many keys the counts lie apart in: as many are copied at a time after a freeze. */
  private static final int KEYS_PER_PART = 64;

  /** A map entry, its key object and its count. */
  private static final int ENTRY_BYTES = 48 + 24 + 24 + 16;

  /** A key and its count. */
  public record Entry(ByteString key, long count) {}

  private static final Comparator<Entry> BY_KEY =
      Comparator.comparing(Entry::key, ByteString.unsignedLexicographicalComparator());

  private static final Comparator<Entry> BEST_FIRST =
      Comparator.comparingLong(Entry::count).reversed().thenComparing(BY_KEY);

  private final int mapSize;
  private final int parts;
  private final FreezableTree<Map<ByteString, long[]>> counts;
  private int size;
  private long keyBytes;
  private long maxError;

  /**
   * Nothing counted yet.
   *
   * @param mapSize a power of two, {@value #MIN_MAP_SIZE} to {@value #MAX_MAP_SIZE}
   */
  public FrequentKeys(int mapSize) {
    if (Integer.bitCount(mapSize) != 1 || mapSize < MIN_MAP_SIZE || mapSize > MAX_MAP_SIZE) {
      throw new IllegalArgumentException(
          "mapSize: "
              + mapSize
              + " (expected: a power of two, "
              + MIN_MAP_SIZE
              + ".."
              + MAX_MAP_SIZE
              + ")");
    }
    this.mapSize = mapSize;
    this.parts = Math.max(1, mapSize / KEYS_PER_PART);
    this.counts = new FreezableTree<>(FrequentKeys::copy);
  }

  private FrequentKeys(FrequentKeys other) {
    mapSize = other.mapSize;
    parts = other.parts;
    counts = other.counts.frozen();
    size = other.size;
    keyBytes = other.keyBytes;
    maxError = other.maxError;
  }

  /** A view of them as they are, which stays the same, also on another thread. */
  public FrequentKeys frozen() {
    return new FrequentKeys(this);
  }

  private static Map<ByteString, long[]> copy(Map<ByteString, long[]> part) {
    Map<ByteString, long[]> copy = new HashMap<>(part.size() * 2);
    part.forEach((key, count) -> copy.put(key, count.clone()));
    return copy;
  }

  /** By the top bits of the hash, once spread; a part itself uses the low ones. */
  private int partOf(ByteString key) {
    return (int) (Integer.toUnsignedLong(key.hashCode() * 0x9E3779B9) * parts >>> Integer.SIZE);
  }

  /** The map size. */
  public int mapSize() {
    return mapSize;
  }

  /** How many keys are held. */
  public int size() {
    return size;
  }

  /** No count differs by more from the true one. */
  public long maxError() {
    return maxError;
  }

  /** What the structures take, about. */
  public long bytes() {
    return counts.bytes() + (long) size * ENTRY_BYTES + keyBytes;
  }

  /**
   * Adds to a key.
   *
   * @param key is kept, so it must not be a view of more
   * @param delta over 0; what is not is left out
   * @return how many keys were dropped
   */
  public int add(ByteString key, long delta) {
    if (delta <= 0) {
      return 0;
    }
    Map<ByteString, long[]> part = counts.forWriting(partOf(key), HashMap::new);
    long[] count = part.get(key);
    if (count != null) {
      count[0] += delta;
      return 0;
    }
    part.put(key, new long[] {delta});
    size++;
    keyBytes += key.size();
    return size > mapSize / 4 * 3 ? purge() : 0;
  }

  /** Adds all that another one counted. */
  public void merge(FrequentKeys other) {
    other.entries().forEach(entry -> add(entry.key, entry.count));
    maxError += other.maxError;
  }

  /** The largest count that a key can have; 0 if it is not held. */
  public long count(ByteString key) {
    Map<ByteString, long[]> part = counts.get(partOf(key));
    long[] count = part == null ? null : part.get(key);
    return count == null ? 0 : count[0] + maxError;
  }

  /** The best {@code k} keys with the largest counts they can have, best first. */
  public List<Entry> best(int k) {
    List<Entry> all = new ArrayList<>();
    forEach((key, count) -> all.add(new Entry(key, count[0] + maxError)));
    all.sort(BEST_FIRST);
    return all.subList(0, Math.min(k, all.size()));
  }

  /** What is held, by key, with the least count that each can have. */
  public List<Entry> entries() {
    List<Entry> all = new ArrayList<>();
    forEach((key, count) -> all.add(new Entry(key, count[0])));
    all.sort(BY_KEY);
    return all;
  }

  /** Sets what a snapshot says, before its entries. */
  public void restore(long restoredMaxError) {
    maxError = restoredMaxError;
  }

  private void forEach(BiConsumer<ByteString, long[]> consumer) {
    counts.forEach((index, part) -> part.forEach(consumer));
  }

  private int purge() {
    long[] sorted = new long[size];
    int[] next = new int[1];
    forEach((key, count) -> sorted[next[0]++] = count[0]);
    Arrays.sort(sorted);
    long median = sorted[size / 2];
    int before = size;
    size = 0;
    for (int index = 0; index < parts; index++) {
      if (counts.get(index) != null) {
        Map<ByteString, long[]> part = counts.forWriting(index, HashMap::new);
        part.entrySet().removeIf(entry -> isOutlived(entry, median));
        part.values().forEach(count -> count[0] -= median);
        size += part.size();
      }
    }
    maxError += median;
    return before - size;
  }

  private boolean isOutlived(Map.Entry<ByteString, long[]> entry, long median) {
    boolean outlived = entry.getValue()[0] <= median;
    keyBytes -= outlived ? entry.getKey().size() : 0;
    return outlived;
  }
}
