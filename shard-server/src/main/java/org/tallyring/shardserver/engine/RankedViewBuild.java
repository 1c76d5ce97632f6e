package org.tallyring.shardserver.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A {@link RankedView} in the making. The counts are copied at once, then sorted in as many steps
 * as the caller likes, between which the range's writer goes on: the copy does not change, and of
 * the keys only new ones are added.
 *
 * <p>Counts that must be worked out, from exponents, hits or sketches of users, would stop the
 * writer for long. They are copied in steps too, so that each is of a moment of its own: whatever
 * was counted before the first step is in it, and some of what came later.
 *
 * <p>A merge sort from the bottom up, because it can rest after any row. Rows are told apart by
 * count, then by eight bytes of the key that are copied beside it, then by the whole keys; while it
 * lasts it takes 40 bytes a key. Copying costs about as much as publishing a ranking.
 */
public final class RankedViewBuild {

  private static final int INITIAL_CAPACITY = 64;

  private final KeyTable keys;
  private final long revision;
  private final CountQuality quality;
  private final RankedView.State state;

  /** What is copied in steps, up to a slot; null if all was copied at once. */
  private final @Nullable IntervalCounts source;

  private final int slots;
  private int nextSlot;
  private int size;
  private Rows rows = new Rows(INITIAL_CAPACITY);
  private @Nullable Rows merged;

  // Runs of `width` rows are sorted; those at `from` are being merged, up to `out`.
  private int width = 1;
  private int from;
  private int left;
  private int right;
  private int out;

  RankedViewBuild(KeyTable keys, IntervalCounts counts) {
    this.keys = keys;
    this.revision = counts.revision();
    this.quality = counts.quality();
    this.state = counts.state();
    if (counts.cost() == SlotCounts.PLAIN) {
      source = null;
      slots = 0;
      counts.forEach(this::add);
    } else {
      source = counts;
      slots = keys.size();
    }
  }

  /** Copies counts for as long as that takes no more than moving {@code limit} rows does. */
  private int copy(IntervalCounts counts, int limit) {
    int rest = limit;
    int cost = counts.cost();
    while (nextSlot < slots && rest > 0) {
      long count = counts.get(nextSlot);
      if (count != 0) {
        add(nextSlot, count);
      }
      nextSlot++;
      rest -= count == 0 ? SlotCounts.PLAIN : cost;
    }
    return rest;
  }

  private void add(int slot, long count) {
    if (size == rows.slots.length) {
      rows = rows.enlarged(size * 2);
    }
    rows.slots[size] = slot;
    rows.counts[size] = count;
    rows.prefixes[size] = keys.keyPrefix(slot);
    size++;
  }

  /**
   * Goes on.
   *
   * @param limit after how many rows moved to rest; one takes 5-100 ns
   * @return whether it is done
   */
  public boolean advance(int limit) {
    int rest = source == null ? limit : copy(source, limit);
    if (nextSlot < slots) {
      return false;
    }
    Rows to = merged;
    if (to == null) {
      to = new Rows(size);
      beginAt(0);
    }
    while (width < size) {
      int middle = Math.min(size, from + width);
      int end = (int) Math.min(size, from + 2L * width);
      while (out < end) {
        if (rest-- <= 0) {
          merged = to;
          return false;
        }
        boolean takesLeft = left < middle && (right >= end || !comesBefore(right, left));
        to.copy(out++, rows, takesLeft ? left++ : right++);
      }
      if (end < size) {
        beginAt(end);
      } else {
        Rows sorted = to;
        to = rows;
        rows = sorted;
        width *= 2;
        beginAt(0);
      }
    }
    merged = to;
    return true;
  }

  /**
   * The view.
   *
   * @throws IllegalStateException if it is not done
   */
  public RankedView view() {
    if (nextSlot < slots || width < size) {
      throw new IllegalStateException("view: runs of " + width + " rows (expected: all sorted)");
    }
    return new RankedView(
        keys,
        Arrays.copyOf(rows.slots, size),
        Arrays.copyOf(rows.counts, size),
        revision,
        quality,
        state);
  }

  private void beginAt(int start) {
    from = start;
    left = start;
    right = Math.min(size, start + width);
    out = start;
  }

  private boolean comesBefore(int row, int other) {
    if (rows.counts[row] != rows.counts[other]) {
      return rows.counts[row] > rows.counts[other];
    }
    if (rows.prefixes[row] != rows.prefixes[other]) {
      return rows.prefixes[row] < rows.prefixes[other];
    }
    return keys.compareKeys(rows.slots[row], rows.slots[other]) < 0;
  }

  /** Rows by column. */
  private static final class Rows {

    final int[] slots;
    final long[] counts;
    final long[] prefixes;

    Rows(int capacity) {
      this(new int[capacity], new long[capacity], new long[capacity]);
    }

    private Rows(int[] slots, long[] counts, long[] prefixes) {
      this.slots = slots;
      this.counts = counts;
      this.prefixes = prefixes;
    }

    Rows enlarged(int capacity) {
      return new Rows(
          Arrays.copyOf(slots, capacity),
          Arrays.copyOf(counts, capacity),
          Arrays.copyOf(prefixes, capacity));
    }

    void copy(int to, Rows source, int at) {
      slots[to] = source.slots[at];
      counts[to] = source.counts[at];
      prefixes[to] = source.prefixes[at];
    }
  }
}
