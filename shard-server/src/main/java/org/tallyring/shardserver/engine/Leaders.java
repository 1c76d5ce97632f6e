package org.tallyring.shardserver.engine;

import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/*
 * Keeping the best without looking at all
 * ---------------------------------------
 * Ranking the open windows four times a second by scanning them costs 1-2 ms per million counts and
 * window, during which the range's writer stands still. So once a bucket is ranked it remembers a
 * floor, the element at place 2k by count and key, and the slots that may lie above it, its members:
 *
 *     every slot that is not a member is worse than the floor.
 *
 * A count can break that only by rising to the floor or beyond, and the addition that does it sees both
 * the count before and the one after: two comparisons with a number in a register, which nearly always
 * say no. Then the slot becomes a member. Whether a member has fallen is not followed; its count is
 * looked at when the ranking is made. As long as k members are not worse than the floor they hold the
 * best k, since nobody else is better. If fewer are left, more than half of the leaders were corrected
 * downwards, and all counts are scanned again.
 *
 * For a ranking the members are sorted. They stay in that order, and in the quarter of a second until
 * the next ranking few overtake others, and not many of them: an insertion sort of what is nearly sorted
 * is little more than one pass. It gives up once it has moved more than sorting anew would cost. The keys
 * in rankings stay with the members, too, instead of being copied out of the table each time. Together
 * these make a ranking of a thousand of a million keys a matter of reading the members' counts.
 *
 * Members grow in number as counts rise. When a ranking finds 3k of them, or 8k have come in between,
 * the floor is raised to the member at place 2k and the others are dropped. Elements are ordered
 * strictly, so that exactly 2k stay, however many counts are equal.
 *
 * Often a few of the best k are enough: whoever merges 64 ranges needs only what reaches the K-th best
 * of all of them. A quarter of such a count, where it is above the floor, becomes the floor, and since it
 * rises with every merge, some dozens of members are left. A quarter, because when another range does not
 * answer for a moment, as when it is handed off, a count a little lower is needed and then half of that;
 * without the slack all ranges would scan all their counts then. A reader who needs more still makes them.
 */

/** The slots that may be among the best of one bucket. */
final class Leaders {

  private static final int KEPT = 2;
  private static final int TRIMMED_FROM = 3;
  private static final int MOST = 8;
  private static final int FIRST_CAPACITY = 64;

  /** The floor is this part of what is needed. */
  private static final int SLACK = 4;

  /** Moves for each member, beyond which a heap sorts faster. */
  private static final int MOVES = 16;

  /** In place of the slot at the floor: whatever has that count is a member. */
  private static final int EVERY_SLOT = -1;

  private final KeyTable keys;
  private final int k;

  /** Members, the bit of each is set; as the last ranking had them, then those that came since. */
  private int[] members = new int[FIRST_CAPACITY];

  /** Their counts when they were sorted. */
  private long[] countOf = new long[FIRST_CAPACITY];

  /** Their keys, as far as they have been in a ranking; null in all places beyond. */
  private byte[] @Nullable [] keyOf = new byte[FIRST_CAPACITY][];

  private final BitSet isMember = new BitSet();
  private int size;
  private long floor;
  private int floorSlot;

  private Leaders(KeyTable keys, int k) {
    this.keys = keys;
    this.k = k;
  }

  /**
   * The leaders by a scan of all counts; null if there are too few to be worth it.
   *
   * @param needed lower counts will not be asked for
   */
  static @Nullable Leaders of(KeyTable keys, PagedCounts counts, int k, long needed) {
    RankingHeap heap = new RankingHeap(keys, KEPT * k);
    counts.forEach(withSlack(needed), heap);
    Leaders leaders = new Leaders(keys, k);
    if (heap.size() == KEPT * k && heap.worstCount() > 0) {
      leaders.floor = heap.worstCount();
      leaders.floorSlot = heap.worstSlot();
    } else if (needed > 0) {
      leaders.floor = withSlack(needed);
      leaders.floorSlot = EVERY_SLOT;
    } else {
      return null;
    }
    leaders.makeRoom(heap.size());
    leaders.size = heap.size();
    leaders.fillFrom(heap);
    for (int i = 0; i < leaders.size; i++) {
      leaders.isMember.set(leaders.members[i]);
    }
    return leaders;
  }

  /** Whoever has a lower count, and stays below, need not be told. Always positive. */
  long floor() {
    return floor;
  }

  /** A slot's count has risen to the floor, or from it. */
  void rise(int slot, PagedCounts counts) {
    if (isMember.get(slot)) {
      return;
    }
    isMember.set(slot);
    makeRoom(size + 1);
    members[size++] = slot;
    if (size == MOST * k) {
      sort(counts);
      // With fewer above it the floor stays, which others may lie just below of.
      trimTo(Math.min(aboveFloor(), KEPT * k));
    }
  }

  /**
   * The best {@code wanted} whose counts are at least {@code needed}, or null if all counts must be
   * scanned for them.
   */
  @Nullable Ranking best(PagedCounts counts, int wanted, long needed, long revision) {
    if (wanted > k) {
      return null;
    }
    sort(counts);
    if (withSlack(needed) > floor) {
      // Nobody needs those with lower counts any more.
      floor = withSlack(needed);
      floorSlot = EVERY_SLOT;
      dropAllBut(atLeast(floor, size));
    }
    int above = aboveFloor();
    int found = needed > floor ? atLeast(needed, above) : above;
    boolean areAll = needed > floor || (needed == floor && floorSlot == EVERY_SLOT);
    if (found < wanted && !areAll) {
      return null;
    }
    Ranking ranking = first(Math.min(found, wanted), revision);
    if (above >= TRIMMED_FROM * k) {
      trimTo(KEPT * k);
    }
    return ranking;
  }

  /** A floor for what is needed. */
  private static long withSlack(long needed) {
    return needed > 0 ? Math.max(1, needed / SLACK) : needed;
  }

  /** Brings the members into their present order. */
  private void sort(PagedCounts counts) {
    for (int i = 0; i < size; i++) {
      countOf[i] = counts.get(members[i]);
    }
    long moves = 0;
    for (int i = 1; i < size; i++) {
      int slot = members[i];
      long count = countOf[i];
      if (!precedes(slot, count, i - 1)) {
        continue;
      }
      byte[] key = keyOf[i];
      int at = i;
      do {
        members[at] = members[at - 1];
        countOf[at] = countOf[at - 1];
        keyOf[at] = keyOf[at - 1];
        at--;
      } while (at > 0 && precedes(slot, count, at - 1));
      members[at] = slot;
      countOf[at] = count;
      keyOf[at] = key;
      moves += i - at;
      if (moves > (long) MOVES * size) {
        sortAnew();
        return;
      }
    }
  }

  private boolean precedes(int slot, long count, int place) {
    return count != countOf[place]
        ? count > countOf[place]
        : keys.compareKeys(slot, members[place]) < 0;
  }

  private void sortAnew() {
    RankingHeap heap = new RankingHeap(keys, size);
    for (int i = 0; i < size; i++) {
      heap.accept(members[i], countOf[i]);
    }
    fillFrom(heap);
  }

  /** Makes the members those of a heap, which are as many. */
  private void fillFrom(RankingHeap heap) {
    heap.drainTo(members, countOf);
    Arrays.fill(keyOf, null);
  }

  /** How many of the first members have at least that count; they are sorted. */
  private int atLeast(long count, int among) {
    int end = among;
    while (end > 0 && countOf[end - 1] < count) {
      end--;
    }
    return end;
  }

  /** How many of the members are not worse than the floor; they are sorted. */
  private int aboveFloor() {
    int end = atLeast(floor, size);
    while (floorSlot != EVERY_SLOT
        && end > 0
        && countOf[end - 1] == floor
        && members[end - 1] != floorSlot
        && keys.compareKeys(members[end - 1], floorSlot) > 0) {
      end--;
    }
    return end;
  }

  private Ranking first(int length, long revision) {
    byte[][] ranked = new byte[length][];
    for (int i = 0; i < length; i++) {
      byte[] key = keyOf[i];
      if (key == null) {
        key = keys.key(members[i]);
        keyOf[i] = key;
      }
      ranked[i] = key;
    }
    return new Ranking(ranked, Arrays.copyOf(countOf, length), revision);
  }

  /** Keeps so many of the sorted members, the worst of which is the floor if they are enough. */
  private void trimTo(int kept) {
    dropAllBut(kept);
    if (kept == KEPT * k) {
      floor = countOf[kept - 1];
      floorSlot = members[kept - 1];
    }
  }

  private void dropAllBut(int kept) {
    for (int i = kept; i < size; i++) {
      isMember.clear(members[i]);
      keyOf[i] = null;
    }
    size = kept;
  }

  private void makeRoom(int needed) {
    if (needed > members.length) {
      int length = Math.max(needed, Math.min(2 * members.length, MOST * k));
      members = Arrays.copyOf(members, length);
      countOf = Arrays.copyOf(countOf, length);
      keyOf = Arrays.copyOf(keyOf, length);
    }
  }
}
