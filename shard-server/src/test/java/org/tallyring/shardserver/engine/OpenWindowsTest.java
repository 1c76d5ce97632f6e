package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/** Whether counts lie side by side or not, every bucket holds what was added to it. */
class OpenWindowsTest {

  private static final int SLOTS = 5_000;
  private static final int ROWS = 512;
  private static final long MINUTE = 60_000;

  private final OpenWindows windows = new OpenWindows();
  private final KeyTable keys = new KeyTable("shop");
  private final Map<Interval, BucketCounts> buckets = new HashMap<>();
  private final Map<Interval, long[]> expected = new HashMap<>();
  private final int[] slots = new int[ROWS];
  private final long[] deltas = new long[ROWS];
  private int together;

  OpenWindowsTest() {
    for (int slot = 0; slot < SLOTS; slot++) {
      byte[] key = Batches.bytes("key-" + slot);
      keys.slotOfAdded(key, 0, key.length);
    }
  }

  private BucketCounts bucket(Interval interval) {
    return Objects.requireNonNull(buckets.get(interval));
  }

  private long[] counts(Interval interval) {
    return Objects.requireNonNull(expected.get(interval));
  }

  private void add(Random random, long timeMillis, int bound) {
    for (int i = 0; i < ROWS; i++) {
      slots[i] = random.nextInt(bound);
      deltas[i] = random.nextInt(4) == 0 ? random.nextInt(5) - 2 : 1;
      if (random.nextInt(5_000) == 0) {
        deltas[i] = 1L << 33;
      }
    }
    WindowLevel[] levels = WindowLevel.values();
    @Nullable BucketCounts[] cursor = new BucketCounts[levels.length];
    for (int i = 0; i < levels.length; i++) {
      Interval interval = Interval.window(levels[i], levels[i].start(timeMillis));
      cursor[i] = buckets.computeIfAbsent(interval, BucketCounts::new);
      long[] counts = expected.computeIfAbsent(interval, absent -> new long[SLOTS]);
      for (int row = 0; row < ROWS; row++) {
        counts[slots[row]] += deltas[row];
      }
    }
    if (windows.bind(cursor)) {
      windows.add(slots, deltas, 0, ROWS);
      together++;
    } else {
      for (BucketCounts bucket : cursor) {
        if (bucket != null) {
          bucket.add(slots, deltas, 0, ROWS);
        }
      }
    }
  }

  @Property(tries = 150)
  void everyBucketHoldsWhatWasAddedToIt(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = SLOTS) int bound) {
    Random random = new Random(seed);
    Map<ExactCounts, long[]> frozen = new IdentityHashMap<>();
    long now = Batches.NOON;
    for (int round = 0; round < 60; round++) {
      now += random.nextInt(12) == 0 ? random.nextInt(90) * MINUTE : 0;
      add(random, random.nextInt(8) == 0 ? now - random.nextInt(3) * MINUTE : now, bound);
      Interval any =
          buckets.keySet().stream().skip(random.nextInt(buckets.size())).findFirst().orElseThrow();
      BucketCounts bucket = bucket(any);
      switch (random.nextInt(6)) {
        case 0 -> frozen.put(bucket.frozenCounts(), counts(any).clone());
        case 1 -> bucket.seal(1 << random.nextInt(14));
        case 2 ->
            assertThat(bucket.ranking(keys, 10, RankingHeap.NO_FLOOR, RankingHeap.NO_FLOOR))
                .isEqualTo(
                    RankingHeap.rank(
                        keys, bucket.counts(), 0, 10, RankingHeap.NO_FLOOR, RankingHeap.NO_FLOOR));
        default -> {}
      }
    }
    buckets.forEach((interval, bucket) -> frozen.put(bucket.frozenCounts(), counts(interval)));
    frozen.forEach(
        (view, counts) -> {
          long[] actual = new long[SLOTS];
          view.forEachRising((slot, count) -> actual[slot] = count);
          assertThat(actual).isEqualTo(counts);
        });
  }

  @Test
  void aFrozenMinuteStaysWhenTheNextOneTakesOver() {
    Random random = new Random(1);
    for (int i = 0; i < 20; i++) {
      add(random, Batches.NOON, SLOTS);
    }
    Interval minute = Interval.window(WindowLevel.MINUTE, Batches.NOON);
    ExactCounts frozen = bucket(minute).frozenCounts();
    for (int i = 0; i < 20; i++) {
      add(random, Batches.NOON + MINUTE, SLOTS);
    }

    long[] actual = new long[SLOTS];
    frozen.forEachRising((slot, count) -> actual[slot] = count);
    assertThat(actual).isEqualTo(expected.get(minute));
  }

  @Test
  void denseBucketsOfNowAreAddedToTogetherAndOthersAlone() {
    Random random = new Random(1);
    for (int i = 0; i < 50; i++) {
      add(random, Batches.NOON, SLOTS);
    }
    int before = together;
    assertThat(before).isPositive();

    add(random, Batches.NOON - MINUTE, SLOTS);
    assertThat(together).isEqualTo(before);

    add(random, Batches.NOON, SLOTS);
    assertThat(together).isEqualTo(before + 1);
  }
}
