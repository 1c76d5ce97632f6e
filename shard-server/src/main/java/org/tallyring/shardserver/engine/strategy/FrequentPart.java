package org.tallyring.shardserver.engine.strategy;

import com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Some of the keys that {@link FrequentKeys} holds, with their counts: a small table with open
 * addressing and linear probing.
 *
 * <p>Hash and length of a key lie beside its count. So a purge, which goes over all counts and
 * builds all tables anew while the range's writer stands still, reads arrays in order and does not
 * touch a key: some 10 ns each, where a map of objects took 100.
 */
final class FrequentPart {

  private static final int INITIAL_CAPACITY = 8;

  /** What the object and its arrays take, but for their elements. */
  private static final int OBJECT_BYTES = 32 + 3 * 16;

  private static final int SLOT_BYTES = 4 + 8 + 8;

  /** Null where the table is free. */
  private @Nullable ByteString[] keys;

  /** The key's hash in the upper half, its length in the lower. */
  private long[] marks;

  private long[] counts;
  private int size;

  /** Takes a key and its count. */
  @FunctionalInterface
  interface Visitor {
    /** Takes one. */
    void visit(ByteString key, long count);
  }

  /** An empty part. */
  FrequentPart() {
    keys = new @Nullable ByteString[INITIAL_CAPACITY];
    marks = new long[INITIAL_CAPACITY];
    counts = new long[INITIAL_CAPACITY];
  }

  /** The same once more. */
  FrequentPart copy() {
    FrequentPart copy = new FrequentPart();
    copy.keys = keys.clone();
    copy.marks = marks.clone();
    copy.counts = counts.clone();
    copy.size = size;
    return copy;
  }

  int size() {
    return size;
  }

  /** What it takes, but for the keys themselves. */
  long bytes() {
    return OBJECT_BYTES + (long) keys.length * SLOT_BYTES;
  }

  /** The count of a key; 0 if it is not here. */
  long count(ByteString key) {
    return counts[placeOf(key, key.hashCode())];
  }

  /** Adds to a key; says whether it is new here. */
  boolean add(ByteString key, long delta) {
    int hash = key.hashCode();
    int place = placeOf(key, hash);
    if (keys[place] != null) {
      counts[place] += delta;
      return false;
    }
    put(place, key, (long) hash << Integer.SIZE | key.size(), delta);
    if (size > keys.length / 4 * 3) {
      rebuild(keys.length * 2, 0);
    }
    return true;
  }

  /** Puts all counts into an array from a place on, and gives the place after them. */
  int copyCounts(long[] into, int from) {
    int next = from;
    for (int place = 0; place < keys.length; place++) {
      if (keys[place] != null) {
        into[next++] = counts[place];
      }
    }
    return next;
  }

  /**
   * Takes an amount off every count and drops the keys of which nothing is left.
   *
   * @return how many bytes the dropped keys had
   */
  long purge(long amount) {
    int kept = 0;
    long droppedBytes = 0;
    for (int place = 0; place < keys.length; place++) {
      if (counts[place] > amount) {
        kept++;
      } else {
        // The mark of a free place is 0.
        droppedBytes += (int) marks[place];
      }
    }
    int capacity = INITIAL_CAPACITY;
    while (kept > capacity / 4 * 3) {
      capacity *= 2;
    }
    rebuild(capacity, amount);
    return droppedBytes;
  }

  /** Gives all keys, in no order. */
  void forEach(Visitor visitor) {
    for (int place = 0; place < keys.length; place++) {
      ByteString key = keys[place];
      if (key != null) {
        visitor.visit(key, counts[place]);
      }
    }
  }

  private void rebuild(int capacity, long amount) {
    @Nullable ByteString[] oldKeys = keys;
    long[] oldMarks = marks;
    long[] oldCounts = counts;
    keys = new @Nullable ByteString[capacity];
    marks = new long[capacity];
    counts = new long[capacity];
    size = 0;
    for (int place = 0; place < oldKeys.length; place++) {
      ByteString key = oldKeys[place];
      if (key != null && oldCounts[place] > amount) {
        int free = first((int) (oldMarks[place] >>> Integer.SIZE));
        while (keys[free] != null) {
          free = free + 1 & capacity - 1;
        }
        put(free, key, oldMarks[place], oldCounts[place] - amount);
      }
    }
  }

  private void put(int place, ByteString key, long mark, long count) {
    keys[place] = key;
    marks[place] = mark;
    counts[place] = count;
    size++;
  }

  /** The place of a key, or the free one where it would be. */
  private int placeOf(ByteString key, int hash) {
    int mask = keys.length - 1;
    int place = first(hash);
    for (ByteString held = keys[place]; held != null; held = keys[place]) {
      if ((int) (marks[place] >>> Integer.SIZE) == hash && held.equals(key)) {
        break;
      }
      place = place + 1 & mask;
    }
    return place;
  }

  private int first(int hash) {
    // The top bits are the same for all keys of a part.
    return spread(hash) >>> Byte.SIZE & keys.length - 1;
  }

  /** Spreads a hash so that its top bits can choose a part. */
  static int spread(int hash) {
    return hash * 0x9E3779B9;
  }
}
