package org.tallyring.shardserver.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/*
 * Why pages, and why these
 * ------------------------
 * An increment adds to five buckets, each with a count of the key somewhere in it. With more keys than
 * the caches hold, nearly every one of the five additions waits for memory; what decides is how many
 * cache lines are touched and whether the waits overlap.
 *
 * Hence counts of 4 bytes where they fit, which is nearly everywhere: half the lines of 8-byte counts,
 * half the memory. A page that some count outgrows turns into one of 8 bytes; a page with few counts is
 * a small table. So a bucket costs what it holds, whatever the number of keys that others have.
 *
 * Hence also the directory `open`: the arrays of those pages that may be written in place. The loop of
 * `add` looks at nothing else, its iterations do not depend on each other, and the processor has many
 * of them under way at once. All other pages are the exception and go the slow way.
 *
 * Growing adds pages and copies no count. Freezing, for a snapshot, shares the pages with the frozen
 * view and empties the directory: the first addition to a page thereafter copies it, 4 KiB at a time.
 * So neither stops the writer for longer than the copying of some pages takes, however many there are.
 */

/** Counts of many slots, in pages of {@value CountPage#SLOTS}. */
final class PagedCounts implements ExactCounts {

  /** A floor that no count of 32 bits reaches. */
  private static final long NOBODY = Long.MAX_VALUE / 2;

  /** Beyond so many counts a small table in a page takes no less than the page of all. */
  private static final int FEW_CAPACITY = 256;

  /** By index, the counts of the pages that are {@link IntPage}s and not shared. */
  private int[] @Nullable [] open = new int[4][];

  private @Nullable CountPage[] pages = new @Nullable CountPage[4];

  /** The highest counts, once somebody asked for them. */
  private @Nullable Leaders leaders;

  /** What slots up to {@code highestSlot} take at most while no count leaves 32 bits. */
  static long bytesFor(int highestSlot) {
    return ((long) (highestSlot >>> CountPage.BITS) + 1) * IntPage.BYTES;
  }

  @Override
  public int add(int[] slots, long[] deltas, int from, int to) {
    int next = from;
    while (next < to) {
      next = addInPlace(slots, deltas, next, to);
      if (next < to) {
        add(slots[next], deltas[next]);
        next++;
      }
    }
    return to;
  }

  /**
   * Adds to pages that can be written in place.
   *
   * @return {@code to}, or the first row that cannot be added so
   */
  private int addInPlace(int[] slots, long[] deltas, int from, int to) {
    int[] @Nullable [] ours = open;
    Leaders watching = leaders;
    long floor = watching == null ? NOBODY : watching.floor();
    for (int i = from; i < to; i++) {
      int slot = slots[i];
      int index = slot >>> CountPage.BITS;
      int[] page = index < ours.length ? ours[index] : null;
      if (page == null) {
        return i;
      }
      int place = slot & CountPage.MASK;
      long before = page[place];
      long after = before + deltas[i];
      if (after != (int) after) {
        return i;
      }
      page[place] = (int) after;
      // before <= floor <= after, as one branch that is hardly ever taken: one that is taken by
      // chance would wait for the count, and nothing after it could be under way meanwhile.
      if (((floor - before) | (after - floor)) >= 0 && watching != null) {
        watching.rise(slot, this);
        floor = watching.floor();
      }
    }
    return to;
  }

  /** Adds to one slot, whatever form its page has. */
  void add(int slot, long delta) {
    long before = get(slot);
    put(slot, delta);
    tellLeaders(slot, before, delta);
  }

  /** Notes that a count has changed, if there are leaders. */
  void tellLeaders(int slot, long before, long delta) {
    if (leaders != null && before <= leaders.floor() && before + delta >= leaders.floor()) {
      leaders.rise(slot, this);
    }
  }

  @Nullable Leaders leaders() {
    return leaders;
  }

  /** The page of an index, or null where nothing was counted. */
  @Nullable CountPage page(int index) {
    return index < pages.length ? pages[index] : null;
  }

  /** Puts a page of the same counts, which is written by others, in the place of one. */
  void setPage(int index, CountPage page) {
    makeRoom(index);
    pages[index] = page;
    open[index] = null;
  }

  /** Adds to a page that cannot be written in place; afterwards it can, if it is one of ints. */
  void put(int slot, long delta) {
    int index = slot >>> CountPage.BITS;
    makeRoom(index);
    CountPage page = pages[index];
    if (page == null) {
      page = new SparseCounts(SparseCounts.MIN_CAPACITY);
    }
    CountPage after = page.added(slot & CountPage.MASK, delta);
    if (after instanceof SparseCounts few && few.capacity() > FEW_CAPACITY) {
      LongPage wide = LongPage.of(few);
      IntPage narrow = wide.narrowed();
      after = narrow == null ? wide : narrow;
    }
    pages[index] = after;
    open[index] = after instanceof IntPage ints && !ints.isShared() ? ints.counts() : null;
  }

  private void makeRoom(int index) {
    if (index >= pages.length) {
      int length = Math.max(index + 1, pages.length + pages.length / 2);
      pages = Arrays.copyOf(pages, length);
      open = Arrays.copyOf(open, length);
    }
  }

  @Override
  public long get(int slot) {
    int index = slot >>> CountPage.BITS;
    CountPage page = index < pages.length ? pages[index] : null;
    return page == null ? 0 : page.get(slot & CountPage.MASK);
  }

  @Override
  public int forEach(long lowest, Consumer consumer) {
    int lower = 0;
    for (int index = 0; index < pages.length; index++) {
      CountPage page = pages[index];
      if (page != null) {
        lower += page.forEach(index << CountPage.BITS, lowest, consumer);
      }
    }
    return lower;
  }

  @Override
  public void forEachRising(Consumer consumer) {
    for (int index = 0; index < pages.length; index++) {
      forEachRising(index, consumer);
    }
  }

  /** How many pages there may be. */
  int pages() {
    return pages.length;
  }

  /** Gives the counts of one page, by rising slot. */
  void forEachRising(int index, Consumer consumer) {
    CountPage page = pages[index];
    if (page != null) {
      page.forEachRising(index << CountPage.BITS, consumer);
    }
  }

  @Override
  public void addTo(CountSum sum, int sign) {
    for (int index = 0; index < pages.length; index++) {
      CountPage page = pages[index];
      if (page != null) {
        page.addTo(sum, index << CountPage.BITS, sign);
      }
    }
  }

  /**
   * The best {@code k}. The first time all counts are scanned; from then on those that may be among
   * the best are known, so that however many counts there are, a few thousand are looked at.
   *
   * @param floor lower counts are left out
   * @param revision what the ranking will say of itself
   */
  Ranking best(KeyTable keys, int k, long floor, long revision) {
    Leaders known = leaders;
    Ranking ranking = known == null ? null : known.best(this, k, floor, revision);
    if (ranking != null) {
      return ranking;
    }
    known = Leaders.of(keys, this, k, floor);
    leaders = known;
    ranking = known == null ? null : known.best(this, k, floor, revision);
    return ranking == null
        ? RankingHeap.rank(keys, this, revision, k, RankingHeap.NO_FLOOR, floor)
        : ranking;
  }

  @Override
  public PagedCounts frozen() {
    PagedCounts frozen = new PagedCounts();
    for (CountPage page : pages) {
      if (page != null) {
        page.share();
      }
    }
    frozen.pages = pages.clone();
    frozen.open = new int[pages.length][];
    Arrays.fill(open, null);
    return frozen;
  }

  @Override
  public long bytes() {
    long bytes = 2L * pages.length * Integer.BYTES;
    for (CountPage page : pages) {
      bytes += page == null ? 0 : page.bytes();
    }
    return bytes;
  }
}
