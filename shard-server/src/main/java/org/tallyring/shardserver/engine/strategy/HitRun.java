package org.tallyring.shardserver.engine.strategy;

import java.util.Arrays;

/**
 * The hits of one key in the order of time, each with the sum of all up to it, so that the sum of
 * any period is one subtraction between two binary searches. Hits of the same millisecond are one.
 *
 * <p>A hit in the order of time is appended; a late one moves those after it. Sums may wrap around:
 * their differences are right all the same.
 */
final class HitRun {

  private static final int INITIAL_CAPACITY = 2;

  private long[] times = new long[INITIAL_CAPACITY];
  private long[] sums = new long[INITIAL_CAPACITY];

  /** The sum of everything before {@link #from}. */
  private long before;

  // The hits held are [from, to).
  private int from;
  private int to;

  int size() {
    return to - from;
  }

  /** What the arrays take. */
  long bytes() {
    return (long) times.length * (Long.BYTES + Long.BYTES);
  }

  /** Adds a hit; returns whether there is one more of them. */
  boolean add(long timeMillis, long delta) {
    int place = firstFrom(timeMillis);
    boolean isNew = place == to || times[place] != timeMillis;
    if (isNew) {
      place = insert(place, timeMillis);
    }
    for (int i = place; i < to; i++) {
      sums[i] += delta;
    }
    return isNew;
  }

  /** The sum over {@code [startMillis, endMillis)}. */
  long sum(long startMillis, long endMillis) {
    return sumBefore(firstFrom(endMillis)) - sumBefore(firstFrom(startMillis));
  }

  /** Drops the hits before a time; returns how many. */
  int prune(long floorMillis) {
    int first = firstFrom(floorMillis);
    int pruned = first - from;
    before = sumBefore(first);
    from = first;
    // A quarter full at most: half the room is given back.
    if (times.length > 4 * INITIAL_CAPACITY && size() <= times.length / 4) {
      resize(times.length / 2);
    }
    return pruned;
  }

  long timeMillis(int index) {
    return times[from + index];
  }

  long delta(int index) {
    return sums[from + index] - sumBefore(from + index);
  }

  private long sumBefore(int place) {
    return place == from ? before : sums[place - 1];
  }

  /** The first hit at or after a time, or {@link #to}. */
  private int firstFrom(long timeMillis) {
    // Most hits are newer than all before.
    if (to == from || times[to - 1] < timeMillis) {
      return to;
    }
    int found = Arrays.binarySearch(times, from, to, timeMillis);
    return found >= 0 ? found : -found - 1;
  }

  private int insert(int wanted, long timeMillis) {
    int place = wanted;
    if (to == times.length) {
      place -= from;
      resize(size() <= times.length / 2 ? times.length : times.length * 2);
    }
    System.arraycopy(times, place, times, place + 1, to - place);
    System.arraycopy(sums, place, sums, place + 1, to - place);
    times[place] = timeMillis;
    sums[place] = sumBefore(place);
    to++;
    return place;
  }

  private void resize(int capacity) {
    long[] newTimes = new long[capacity];
    long[] newSums = new long[capacity];
    System.arraycopy(times, from, newTimes, 0, size());
    System.arraycopy(sums, from, newSums, 0, size());
    times = newTimes;
    sums = newSums;
    to -= from;
    from = 0;
  }
}
