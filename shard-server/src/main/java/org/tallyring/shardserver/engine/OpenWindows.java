package org.tallyring.shardserver.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/*
 * Five counts, one wait
 * ---------------------
 * Nearly every increment is of now: it adds to the present minute, hour, day, month and to all time. If
 * each of these buckets had the key's count somewhere of its own, an increment would wait for memory
 * five times, which costs more than all the rest of it. So while they are the present ones, their
 * counts lie side by side, five numbers for each slot, 20 bytes of mostly one cache line.
 *
 * Nothing else knows. A bucket's counts are pages, and a page may be a column of an OpenPage instead of
 * an array of its own; reading, ranking, freezing and sealing go through the page. Nor is there a moment
 * at which anything turns: when the minute is over, the next one takes over the column page by page,
 * each when it is first added to, and leaves the counts that were there to the old minute as a page of
 * its own. So no turn of a window stops the writer.
 *
 * A page is put together when the page of the finest bucket has grown dense, since five columns of a
 * page where little happens would waste memory; and not while a count in it does not fit in 32 bits.
 * Until then, and for increments that are not of now, each bucket is added to by itself.
 */

/** The counts of the buckets that increments of now go to. */
final class OpenWindows {

  private static final int COLUMNS = OpenPage.COLUMNS;

  /** No count of 32 bits comes near: nobody is watched for. */
  private static final long NOBODY = Long.MAX_VALUE / 2;

  private final PagedCounts[] current = new PagedCounts[COLUMNS];
  private final long[] starts = new long[COLUMNS];
  private boolean bound;

  /** Keeps the compiler from leaving out reads whose values nobody needs. */
  @SuppressWarnings("UnusedVariable")
  private int touched;

  /** By index, the data of pages whose columns all belong to the present buckets, unshared. */
  private int[] @Nullable [] ready = new int[4][];

  private @Nullable OpenPage[] pages = new @Nullable OpenPage[4];

  /**
   * Makes buckets the present ones.
   *
   * @param buckets one of each level
   * @return false if they cannot be: some is of an earlier time than the present one, does not
   *     exist or has too few counts for pages
   */
  boolean bind(@Nullable BucketCounts[] buckets) {
    boolean same = bound;
    for (int i = 0; i < COLUMNS; i++) {
      BucketCounts bucket = buckets[i];
      PagedCounts counts = bucket == null ? null : bucket.pagesForWriting();
      if (bucket == null || counts == null || (bound && bucket.startMillis() < starts[i])) {
        return false;
      }
      same &= counts == current[i];
    }
    if (!same) {
      for (int i = 0; i < COLUMNS; i++) {
        BucketCounts bucket = buckets[i];
        if (bucket != null && bucket.counts() instanceof PagedCounts counts) {
          current[i] = counts;
          starts[i] = bucket.startMillis();
        }
      }
      bound = true;
      Arrays.fill(ready, null);
    }
    return true;
  }

  /** A page must not be written in place any more. */
  void close(int index) {
    ready[index] = null;
  }

  /** Adds to all the present buckets. */
  void add(int[] slots, long[] deltas, int from, int to) {
    touch(slots, from, to);
    int next = from;
    while (next < to) {
      next = addInPlace(slots, deltas, next, to);
      if (next < to && !renew(slots[next] >>> CountPage.BITS)) {
        addAlone(slots[next], deltas[next]);
        next++;
      }
    }
  }

  /**
   * Reads what will be added to, and does nothing with it. The processor has only so many
   * instructions under way; since adding takes many and this few, this has more waits overlap.
   */
  private void touch(int[] slots, int from, int to) {
    int[] @Nullable [] ours = ready;
    int sum = 0;
    for (int i = from; i < to; i++) {
      int index = slots[i] >>> CountPage.BITS;
      int[] data = index < ours.length ? ours[index] : null;
      if (data != null) {
        int at = (slots[i] & CountPage.MASK) * COLUMNS;
        sum += data[at] + data[at + COLUMNS - 1];
      }
    }
    touched = sum;
  }

  /** Makes a page ready that is not only because a view shares it; says whether it was. */
  private boolean renew(int index) {
    OpenPage page = index < pages.length ? pages[index] : null;
    OpenPage renewed = page == null ? null : page.renewed(current);
    if (renewed == null) {
      return false;
    }
    pages[index] = renewed;
    ready[index] = renewed.data;
    return true;
  }

  private void addAlone(int slot, long delta) {
    for (PagedCounts counts : current) {
      counts.add(slot, delta);
    }
    gather(slot >>> CountPage.BITS);
  }

  /**
   * Adds to pages that are ready.
   *
   * @return {@code to}, or the first row that cannot be added so
   */
  private int addInPlace(int[] slots, long[] deltas, int from, int to) {
    int[] @Nullable [] ours = ready;
    long floor0 = floor(0);
    long floor1 = floor(1);
    long floor2 = floor(2);
    long floor3 = floor(3);
    long floor4 = floor(4);
    for (int i = from; i < to; i++) {
      int slot = slots[i];
      int index = slot >>> CountPage.BITS;
      int[] data = index < ours.length ? ours[index] : null;
      if (data == null) {
        return i;
      }
      int at = (slot & CountPage.MASK) * COLUMNS;
      long delta = deltas[i];
      int before0 = data[at];
      int before1 = data[at + 1];
      int before2 = data[at + 2];
      int before3 = data[at + 3];
      int before4 = data[at + 4];
      long after0 = before0 + delta;
      long after1 = before1 + delta;
      long after2 = before2 + delta;
      long after3 = before3 + delta;
      long after4 = before4 + delta;
      if (((after0 ^ (int) after0)
              | (after1 ^ (int) after1)
              | (after2 ^ (int) after2)
              | (after3 ^ (int) after3)
              | (after4 ^ (int) after4))
          != 0) {
        return i;
      }
      data[at] = (int) after0;
      data[at + 1] = (int) after1;
      data[at + 2] = (int) after2;
      data[at + 3] = (int) after3;
      data[at + 4] = (int) after4;
      // Not negative where before <= floor <= after; one branch for all five, as in PagedCounts.
      if ((((floor0 - before0) | (after0 - floor0))
              & ((floor1 - before1) | (after1 - floor1))
              & ((floor2 - before2) | (after2 - floor2))
              & ((floor3 - before3) | (after3 - floor3))
              & ((floor4 - before4) | (after4 - floor4)))
          >= 0) {
        tellLeaders(slot, delta);
        floor0 = floor(0);
        floor1 = floor(1);
        floor2 = floor(2);
        floor3 = floor(3);
        floor4 = floor(4);
      }
    }
    return to;
  }

  private long floor(int column) {
    Leaders leaders = current[column].leaders();
    return leaders == null ? NOBODY : leaders.floor();
  }

  private void tellLeaders(int slot, long delta) {
    for (PagedCounts counts : current) {
      counts.tellLeaders(slot, counts.get(slot) - delta, delta);
    }
  }

  /** Puts a page together, if it is worth it and its counts allow it. */
  private void gather(int index) {
    CountPage finest = current[0].page(index);
    if (!(finest instanceof IntPage || finest instanceof ColumnPage)) {
      return;
    }
    for (PagedCounts counts : current) {
      CountPage page = counts.page(index);
      if (page != null && !page.isNarrow()) {
        return;
      }
    }
    if (index >= pages.length) {
      int length = Math.max(index + 1, pages.length + pages.length / 2);
      pages = Arrays.copyOf(pages, length);
      ready = Arrays.copyOf(ready, length);
    }
    OpenPage page = pages[index];
    if (page == null || page.isShared()) {
      if (page != null) {
        page.leaveTo(current);
      }
      page = new OpenPage(this, index);
      pages[index] = page;
    }
    for (int column = 0; column < COLUMNS; column++) {
      page.give(column, current[column]);
    }
    ready[index] = page.data;
  }
}
