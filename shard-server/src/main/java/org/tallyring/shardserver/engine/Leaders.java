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
 * Members grow in number as counts rise. When there are 8k, the floor is raised to the member at place
 * 2k and the others are dropped: 6k additions pay for one selection from 8k. Elements are ordered
 * strictly, so that exactly 2k stay, however many counts are equal.
 *
 * Often a few of the best k are enough: whoever merges 64 ranges needs only what reaches the K-th best
 * of all of them. Half of such a count, where it is above the floor, becomes the floor, and since it rises
 * with every merge, some dozens of members are left. Half, because what is needed falls when another
 * range does not answer for a moment, as when it is handed off; without the slack all ranges would scan
 * all their counts then. A reader who needs more still makes them.
 */

/** The slots that may be among the best of one bucket. */
final class Leaders {

  private static final int KEPT = 2;
  private static final int MOST = 8;
  private static final int FIRST_CAPACITY = 64;

  /** In place of the slot at the floor: whatever has that count is a member. */
  private static final int EVERY_SLOT = -1;

  private final KeyTable keys;
  private final int k;

  /** Members, in any order; the bit of each is set. */
  private int[] members = new int[FIRST_CAPACITY];

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
    leaders.take(heap.slots());
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
    if (size == members.length) {
      members = Arrays.copyOf(members, Math.min(2 * size, MOST * k));
    }
    members[size++] = slot;
    if (size == MOST * k) {
      RankingHeap heap = aboveFloor(counts, KEPT * k);
      // With fewer above it the floor stays, which others may lie just below of.
      if (heap.size() == KEPT * k) {
        floor = heap.worstCount();
        floorSlot = heap.worstSlot();
      }
      take(heap.slots());
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
    if (withSlack(needed) > floor) {
      raise(counts, withSlack(needed));
    }
    RankingHeap heap =
        needed > floor ? atLeast(counts, wanted, needed) : aboveFloor(counts, wanted);
    boolean areAll = needed > floor || (needed == floor && floorSlot == EVERY_SLOT);
    return heap.size() < wanted && !areAll ? null : heap.drain(revision);
  }

  /** A floor for what is needed. */
  private static long withSlack(long needed) {
    return needed > 0 ? needed - needed / 2 : needed;
  }

  private RankingHeap atLeast(PagedCounts counts, int capacity, long least) {
    RankingHeap heap = new RankingHeap(keys, capacity);
    for (int i = 0; i < size; i++) {
      long count = counts.get(members[i]);
      if (count >= least) {
        heap.accept(members[i], count);
      }
    }
    return heap;
  }

  /** Drops the members with lower counts, which nobody needs any more. */
  private void raise(PagedCounts counts, long newFloor) {
    int kept = 0;
    for (int i = 0; i < size; i++) {
      int slot = members[i];
      if (counts.get(slot) >= newFloor) {
        members[kept++] = slot;
      } else {
        isMember.clear(slot);
      }
    }
    size = kept;
    floor = newFloor;
    floorSlot = EVERY_SLOT;
  }

  private RankingHeap aboveFloor(PagedCounts counts, int capacity) {
    RankingHeap heap = new RankingHeap(keys, capacity);
    for (int i = 0; i < size; i++) {
      long count = counts.get(members[i]);
      if (count > floor
          || (count == floor
              && (floorSlot == EVERY_SLOT
                  || members[i] == floorSlot
                  || keys.compareKeys(members[i], floorSlot) < 0))) {
        heap.accept(members[i], count);
      }
    }
    return heap;
  }

  private void take(int[] slots) {
    for (int i = 0; i < size; i++) {
      isMember.clear(members[i]);
    }
    size = slots.length;
    if (members.length < size) {
      members = new int[Math.min(2 * size, MOST * k)];
    }
    System.arraycopy(slots, 0, members, 0, size);
    for (int slot : slots) {
      isMember.set(slot);
    }
  }
}
