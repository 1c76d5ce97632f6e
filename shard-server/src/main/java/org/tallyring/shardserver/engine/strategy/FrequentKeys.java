package org.tallyring.shardserver.engine.strategy;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

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

  /**
   * The largest map size: the purge of a metric's five present buckets, which can fall into one
   * batch, then stops the range for less than 10 ms.
   */
  public static final int MAX_MAP_SIZE = 1 << 16;

  /** About how many keys the counts lie apart in: as many are copied at a time after a freeze. */
  private static final int KEYS_PER_PART = 64;

  /** What a key takes besides its bytes and its place in a table. */
  private static final int KEY_BYTES = 24 + 16;

  /** A key and its count. */
  public record Entry(ByteString key, long count) {}

  private static final Comparator<Entry> BY_KEY =
      Comparator.comparing(Entry::key, ByteString.unsignedLexicographicalComparator());

  private static final Comparator<Entry> BEST_FIRST =
      Comparator.comparingLong(Entry::count).reversed().thenComparing(BY_KEY);

  private final int mapSize;
  private final int parts;
  private final FreezableTree<FrequentPart> counts;
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
    this.counts = new FreezableTree<>(FrequentPart::copy);
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

  /** By the top bits of the hash, once spread; a part itself uses lower ones. */
  private int partOf(ByteString key) {
    int spread = FrequentPart.spread(key.hashCode());
    return (int) (Integer.toUnsignedLong(spread) * parts >>> Integer.SIZE);
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
    long[] bytes = {counts.bytes() + (long) size * KEY_BYTES + keyBytes};
    counts.forEach((index, part) -> bytes[0] += part.bytes());
    return bytes[0];
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
    if (counts.forWriting(partOf(key), FrequentPart::new).add(key, delta)) {
      size++;
      keyBytes += key.size();
    }
    return size > mapSize / 4 * 3 ? purge() : 0;
  }

  /** Adds all that another one counted. */
  public void merge(FrequentKeys other) {
    other.entries().forEach(entry -> add(entry.key, entry.count));
    maxError += other.maxError;
  }

  /** The largest count that a key can have; 0 if it is not held. */
  public long count(ByteString key) {
    FrequentPart part = counts.get(partOf(key));
    long count = part == null ? 0 : part.count(key);
    return count == 0 ? 0 : count + maxError;
  }

  /** The best {@code k} keys with the largest counts they can have, best first. */
  public List<Entry> best(int k) {
    PriorityQueue<Entry> best = new PriorityQueue<>(BEST_FIRST.reversed());
    forEach(
        (key, count) -> {
          if (best.size() < k || count + maxError >= best.element().count) {
            best.add(new Entry(key, count + maxError));
            if (best.size() > k) {
              best.remove();
            }
          }
        });
    List<Entry> sorted = new ArrayList<>(best);
    sorted.sort(BEST_FIRST);
    return Collections.unmodifiableList(sorted);
  }

  /** What is held, by key, with the least count that each can have. */
  public List<Entry> entries() {
    List<Entry> all = new ArrayList<>();
    forEach((key, count) -> all.add(new Entry(key, count)));
    all.sort(BY_KEY);
    return all;
  }

  /** Sets what a snapshot says, before its entries. */
  public void restore(long restoredMaxError) {
    maxError = restoredMaxError;
  }

  private void forEach(FrequentPart.Visitor visitor) {
    counts.forEach((index, part) -> part.forEach(visitor));
  }

  private int purge() {
    long[] all = new long[size];
    int[] next = new int[1];
    counts.forEach((index, part) -> next[0] = part.copyCounts(all, next[0]));
    long median = smallest(all, size / 2);
    int before = size;
    size = 0;
    for (int index = 0; index < parts; index++) {
      if (counts.get(index) != null) {
        FrequentPart part = counts.forWriting(index, FrequentPart::new);
        keyBytes -= part.purge(median);
        size += part.size();
      }
    }
    maxError += median;
    return before - size;
  }

  /**
   * One of some values by its place in their order, byte by byte from the top: a few passes,
   * whatever the order that they come in.
   *
   * @param values none is negative
   * @param rank how many of them come before it
   */
  static long smallest(long[] values, int rank) {
    long largest = 0;
    for (long value : values) {
      largest |= value;
    }
    int digits = (Long.SIZE - Long.numberOfLeadingZeros(largest) + Byte.SIZE - 1) / Byte.SIZE;
    long found = 0;
    int left = rank;
    for (int shift = (digits - 1) * Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
      int[] having = new int[1 << Byte.SIZE];
      for (long value : values) {
        if (value >>> shift >>> Byte.SIZE == found) {
          having[(int) (value >>> shift) & 0xFF]++;
        }
      }
      int digit = 0;
      while (left >= having[digit]) {
        left -= having[digit];
        digit++;
      }
      found = found << Byte.SIZE | digit;
    }
    return found;
  }
}
