package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.tallyring.topology.window.Interval;
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

  @Test
  void sealedCountsHoldTheLargestAndHaveNoRoomForMore() {
    PagedCounts counts = new PagedCounts();
    assertThat(SealedCounts.of(counts).get(0)).isZero();
    counts.put(3, Long.MIN_VALUE);
    counts.put(Integer.MAX_VALUE >>> 8, Long.MAX_VALUE);
    SealedCounts sealed = SealedCounts.of(counts);

    assertThat(sealed.get(3)).isEqualTo(Long.MIN_VALUE);
    assertThat(sealed.get(4)).isZero();
    assertThat(sealed.get(Integer.MAX_VALUE >>> 8)).isEqualTo(Long.MAX_VALUE);
    assertThat(sealed.size()).isEqualTo(2);
    assertThat(sealed.add(new int[] {3}, new long[] {1}, 0, 1)).isZero();
  }

  private static void assertAddsUp(ExactCounts counts, long seed) {
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
    assertHolds(counts, expected, bound);
    assertHolds(SealedCounts.of(counts), expected, bound);
  }

  private static void assertHolds(SlotCounts counts, Map<Integer, Long> all, int bound) {
    TreeMap<Integer, Long> expected = new TreeMap<>(all);
    expected.forEach((slot, count) -> assertThat(counts.get(slot)).isEqualTo(count));
    assertThat(counts.get(bound)).isZero();
    expected.values().removeIf(count -> count == 0);
    Map<Integer, Long> rising = new LinkedHashMap<>();
    counts.forEachRising(rising::put);
    assertThat(rising).containsExactlyEntriesOf(expected);
    CountSum sum = new CountSum();
    counts.addTo(sum, 1);
    expected.forEach((slot, count) -> assertThat(sum.get(slot)).isEqualTo(count));
    int size = expected.size();
    for (long lowest : new long[] {Long.MIN_VALUE, -1, 0, 2}) {
      Map<Integer, Long> seen = new HashMap<>();
      int lower =
          counts.forEach(lowest, (slot, count) -> assertThat(seen.put(slot, count)).isNull());
      expected.values().removeIf(count -> count < lowest);
      assertThat(seen).isEqualTo(expected);
      assertThat(lower).isEqualTo(size - expected.size());
    }
  }

  @Property(tries = 100)
  void aBucketKeepsItsCountsWhileItGrowsAndChangesForm(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 200_000) int slots) {
    Random random = new Random(seed);
    BucketCounts bucket = new BucketCounts(Interval.window(WindowLevel.ALL, 0));
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
      if (random.nextInt(8) == 0) {
        bucket.seal(1 << random.nextInt(16));
      }
    }
    long[] actual = new long[slots];
    bucket.counts().forEach(Long.MIN_VALUE, (slot, count) -> actual[slot] = count);
    assertThat(actual).isEqualTo(expected);
  }

  @Property(tries = 100)
  void aFrozenViewStaysWhileTheBucketGoesOn(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 50_000) int slots) {
    Random random = new Random(seed);
    BucketCounts bucket = new BucketCounts(Interval.window(WindowLevel.ALL, 0));
    long[] counts = new long[slots];
    Map<ExactCounts, long[]> frozen = new IdentityHashMap<>();
    int[] block = new int[512];
    long[] deltas = new long[512];
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < 512; i++) {
        block[i] = random.nextInt(slots);
        deltas[i] = random.nextInt(4) == 0 ? random.nextLong() >> 20 : 1;
        counts[block[i]] += deltas[i];
      }
      bucket.add(block, deltas, 0, 512);
      if (random.nextInt(4) == 0) {
        frozen.put(bucket.frozenCounts(), counts.clone());
      }
      if (random.nextInt(8) == 0) {
        bucket.seal(1 << random.nextInt(16));
      }
    }
    frozen.put(bucket.frozenCounts(), counts);
    frozen.forEach(
        (view, expected) -> {
          long[] actual = new long[slots];
          view.forEachRising((slot, count) -> actual[slot] = count);
          assertThat(actual).isEqualTo(expected);
        });
  }

  @Test
  void aCountThatLeaves32BitsIsKept() {
    PagedCounts counts = new PagedCounts();
    int[] many = IntStream.range(0, 600).toArray();
    long[] ones = LongStream.generate(() -> 1).limit(600).toArray();
    counts.add(many, ones, 0, 600);
    long before = counts.bytes();

    counts.add(new int[] {5, 5, 6}, new long[] {Integer.MAX_VALUE, 1, Integer.MIN_VALUE}, 0, 3);

    assertThat(counts.get(5)).isEqualTo(Integer.MAX_VALUE + 2L);
    assertThat(counts.get(6)).isEqualTo(Integer.MIN_VALUE + 1L);
    assertThat(counts.get(7)).isEqualTo(1);
    assertThat(counts.bytes()).isGreaterThan(before);
  }
}
