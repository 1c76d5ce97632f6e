package org.tallyring.shardserver.engine;

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
 */

/** The slots that may be among the best of one bucket. */
final class Leaders {

  private static final int KEPT = 2;
  private static final int MOST = 8;

  private final KeyTable keys;
  private final int k;

  /** Members, in any order; the bit of each is set. */
  private final int[] members;

  private final BitSet isMember = new BitSet();
  private int size;
  private long floor;
  private int floorSlot;

  private Leaders(KeyTable keys, int k) {
    this.keys = keys;
    this.k = k;
    this.members = new int[MOST * k];
  }

  /** The leaders by a scan of all counts; null if there are too few to be worth it. */
  static @Nullable Leaders of(KeyTable keys, PagedCounts counts, int k) {
    RankingHeap heap = new RankingHeap(keys, KEPT * k);
    counts.forEach(RankingHeap.NO_FLOOR, heap);
    if (heap.size() < KEPT * k || heap.worstCount() <= 0) {
      return null;
    }
    Leaders leaders = new Leaders(keys, k);
    leaders.take(heap);
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
    members[size++] = slot;
    if (size == members.length) {
      RankingHeap heap = aboveFloor(counts, KEPT * k);
      // With fewer above it the floor stays, which others may lie just below of.
      if (heap.size() == KEPT * k) {
        floor = heap.worstCount();
        floorSlot = heap.worstSlot();
      }
      take(heap.slots());
    }
  }

  /** The best {@code k}, or null if all counts must be scanned for them. */
  @Nullable Ranking best(PagedCounts counts, int wanted, long revision) {
    if (wanted > k) {
      return null;
    }
    RankingHeap heap = aboveFloor(counts, wanted);
    return heap.size() < wanted ? null : heap.drain(revision);
  }

  private RankingHeap aboveFloor(PagedCounts counts, int capacity) {
    RankingHeap heap = new RankingHeap(keys, capacity);
    for (int i = 0; i < size; i++) {
      long count = counts.get(members[i]);
      if (count > floor
          || (count == floor
              && (members[i] == floorSlot || keys.compareKeys(members[i], floorSlot) < 0))) {
        heap.accept(members[i], count);
      }
    }
    return heap;
  }

  private void take(RankingHeap heap) {
    floor = heap.worstCount();
    floorSlot = heap.worstSlot();
    take(heap.slots());
  }

  private void take(int[] slots) {
    for (int i = 0; i < size; i++) {
      isMember.clear(members[i]);
    }
    size = slots.length;
    System.arraycopy(slots, 0, members, 0, size);
    for (int slot : slots) {
      isMember.set(slot);
    }
  }
}
