package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.engine.RankingHeap.NO_FLOOR;

import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The ranking that is kept up equals that of a scan, whatever happens to counts in between. */
class LeadersTest {

  private static final int SLOTS = 3_000;

  private final KeyTable keys = new KeyTable("shop");
  private final PagedCounts counts = new PagedCounts();

  LeadersTest() {
    for (int slot = 0; slot < SLOTS; slot++) {
      byte[] key = Batches.bytes(Long.toString(slot * 0x9E3779B97F4A7C15L, 36));
      keys.slotOfAdded(key, 0, key.length);
    }
  }

  @Property(tries = 300)
  void theBestEqualThoseOfAScan(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 20) int k,
      @ForAll @IntRange(min = 1, max = 4) int spread,
      @ForAll boolean corrections) {
    Random random = new Random(seed);
    int[] slots = new int[200];
    long[] deltas = new long[200];
    for (int round = 0; round < 40; round++) {
      for (int i = 0; i < slots.length; i++) {
        // Low slots are hot, so that there are leaders; deltas of 1 make many counts equal.
        double uniform = random.nextDouble();
        slots[i] = (int) (SLOTS * Math.pow(uniform, spread));
        deltas[i] = 1 + random.nextInt(3);
        if (corrections && random.nextInt(4) == 0) {
          deltas[i] = -counts.get(slots[i]) + random.nextInt(3) - 1;
        }
        if (random.nextInt(2_000) == 0) {
          deltas[i] = 1L << 40;
        }
      }
      counts.add(slots, deltas, 0, slots.length);
      if (random.nextInt(3) > 0) {
        int asked = random.nextInt(8) == 0 ? k + random.nextInt(3) : k;
        long floor = random.nextBoolean() ? counts.get(slots[0]) + random.nextInt(3) - 1 : NO_FLOOR;
        assertThat(counts.best(keys, asked, floor, 7))
            .isEqualTo(RankingHeap.rank(keys, counts, 7, asked, NO_FLOOR, floor));
      }
      if (random.nextInt(10) == 0) {
        assertThat(counts.frozen().get(slots[0])).isEqualTo(counts.get(slots[0]));
      }
    }
  }

  @Test
  void whoeverRisesFromNothingIsSeen() {
    for (int slot = 0; slot < 100; slot++) {
      counts.add(new int[] {slot}, new long[] {10 + slot}, 0, 1);
    }
    assertThat(counts.best(keys, 3, NO_FLOOR, 0).count(0)).isEqualTo(109);

    counts.add(new int[] {2_999}, new long[] {1_000}, 0, 1);

    assertThat(counts.best(keys, 3, NO_FLOOR, 0).key(0)).isEqualTo(keys.key(2_999));
  }

  @Test
  void whenTooManyLeadersFallTheNextOnesAreFound() {
    for (int slot = 0; slot < 100; slot++) {
      counts.add(new int[] {slot}, new long[] {10 + slot}, 0, 1);
    }
    counts.best(keys, 3, NO_FLOOR, 0);
    for (int slot = 90; slot < 100; slot++) {
      counts.add(new int[] {slot}, new long[] {-50}, 0, 1);
    }

    assertThat(counts.best(keys, 3, NO_FLOOR, 0).key(0)).isEqualTo(keys.key(89));
  }

  @Test
  void whenAllOvertakeAllTheirKeysGoWithThem() {
    for (int round = 0; round < 4; round++) {
      for (int slot = 0; slot < 1_000; slot++) {
        int place = round % 2 == 0 ? slot : 1_000 - slot;
        counts.add(new int[] {slot}, new long[] {1_000_000 + 2L * place}, 0, 1);
      }

      assertThat(counts.best(keys, 400, NO_FLOOR, 0))
          .isEqualTo(RankingHeap.rank(keys, counts, 0, 400, NO_FLOOR, NO_FLOOR));
    }
  }

  @Test
  void whoRoseAndFellBackIsNotBeforeItsEqualsWhoNeverRose() {
    for (int slot = 0; slot < 100; slot++) {
      counts.add(new int[] {slot}, new long[] {5}, 0, 1);
    }
    Ranking equals = counts.best(keys, 100, NO_FLOOR, 0);
    counts.best(keys, 2, NO_FLOOR, 0);
    add(equals.key(10), 1);
    add(equals.key(10), -1);
    for (int place = 0; place < 3; place++) {
      add(equals.key(place), -4);
    }

    assertThat(counts.best(keys, 2, NO_FLOOR, 0))
        .isEqualTo(RankingHeap.rank(keys, counts, 0, 2, NO_FLOOR, NO_FLOOR));
  }

  private void add(byte[] key, long delta) {
    counts.add(new int[] {keys.slotOf(key)}, new long[] {delta}, 0, 1);
  }

  @Test
  void whatIsNeededMayFallByHalfWithoutAScan() {
    for (int slot = 0; slot < SLOTS; slot++) {
      counts.add(new int[] {slot}, new long[] {1 + slot}, 0, 1);
    }
    counts.best(keys, 1_000, 2_900, 0);
    Leaders leaders = Objects.requireNonNull(counts.leaders());

    // There are more than a thousand of at least half of it: nobody scans for these.
    for (long needed : new long[] {2_900, 2_000, 1_450}) {
      assertThat(leaders.best(counts, 1_000, needed, 0))
          .isEqualTo(RankingHeap.rank(keys, counts, 0, 1_000, NO_FLOOR, needed));
    }
  }

  @Test
  void whatIsNeededMayFallALittleAndThenByHalfWithoutAScan() {
    for (int slot = 0; slot < SLOTS; slot++) {
      counts.add(new int[] {slot}, new long[] {1 + slot}, 0, 1);
    }
    // All that reach it are fewer than are wanted, so that only the floor can say that they are
    // all.
    counts.best(keys, 2_500, 2_990, 0);
    Leaders leaders = Objects.requireNonNull(counts.leaders());

    for (long needed : new long[] {2_990, 2_900, 1_450}) {
      assertThat(leaders.best(counts, 2_500, needed, 0))
          .isEqualTo(RankingHeap.rank(keys, counts, 0, 2_500, NO_FLOOR, needed));
    }
  }
}
