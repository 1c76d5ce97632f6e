package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.tallyring.topology.window.WindowLevel;

class SlotCountsTest {

  /** One claim for each form of counts; capacity is ample, so that nothing has to change form. */
  @Property(tries = 100)
  void sparseCountsAddUp(@ForAll long seed) {
    assertAddsUp(new SparseCounts(1024), seed);
  }

  @Property(tries = 100)
  void pagedCountsAddUp(@ForAll long seed) {
    assertAddsUp(new PagedCounts(), seed);
  }

  private static void assertAddsUp(SlotCounts counts, long seed) {
    Random random = new Random(seed);
    Map<Integer, Long> expected = new HashMap<>();
    int bound = 1 << random.nextInt(24);
    for (int round = 0; round < 20; round++) {
      int[] slots = random.ints(30, 0, bound).toArray();
      long[] deltas = random.longs(30, -2, 3).toArray();
      int from = random.nextInt(30);
      for (int i = from; i < 30; i++) {
        expected.merge(slots[i], deltas[i], Long::sum);
      }
      assertThat(counts.add(slots, deltas, from, 30)).isEqualTo(30);
    }
    expected.forEach((slot, count) -> assertThat(counts.get(slot)).isEqualTo(count));
    assertThat(counts.get(bound)).isZero();
    expected.values().removeIf(count -> count == 0);
    int all = expected.size();
    for (long lowest : new long[] {Long.MIN_VALUE, -1, 0, 2}) {
      Map<Integer, Long> seen = new HashMap<>();
      int lower =
          counts.forEach(lowest, (slot, count) -> assertThat(seen.put(slot, count)).isNull());
      expected.values().removeIf(count -> count < lowest);
      assertThat(seen).isEqualTo(expected);
      assertThat(lower).isEqualTo(all - expected.size());
    }
  }

  @Property(tries = 100)
  void aBucketKeepsItsCountsWhileItGrowsAndChangesForm(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 200_000) int slots) {
    Random random = new Random(seed);
    BucketCounts bucket = new BucketCounts(WindowLevel.ALL, 0);
    long[] expected = new long[slots];
    int[] block = new int[512];
    long[] deltas = new long[512];
    for (int round = 0; round < 40; round++) {
      for (int i = 0; i < 512; i++) {
        block[i] = random.nextBoolean() ? random.nextInt(slots) : random.nextInt(slots) / 50;
        deltas[i] = random.nextInt();
        expected[block[i]] += deltas[i];
      }
      bucket.add(block, deltas, 0, 512);
    }
    long[] actual = new long[slots];
    bucket.forEach(Long.MIN_VALUE, (slot, count) -> actual[slot] = count);
    assertThat(actual).isEqualTo(expected);
  }
}
