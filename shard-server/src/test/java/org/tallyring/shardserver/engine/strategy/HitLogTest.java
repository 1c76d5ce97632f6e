package org.tallyring.shardserver.engine.strategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HitLogTest {

  private record Hit(int slot, long timeMillis, long delta) {}

  @Property(tries = 200)
  void everySpanFromTheFloorOnEqualsTheSumOverAllHits(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 5000) int horizon) {
    Random random = new Random(seed);
    HitLog log = new HitLog(horizon);
    List<Hit> all = new ArrayList<>();
    long now = 1_000_000_000_000L;
    for (int i = 0; i < 400; i++) {
      now += random.nextInt(3000);
      // Also late by more than is kept, and the same millisecond again.
      long late =
          random.nextInt(4) == 0 ? random.nextInt(2 * horizon + 400_000) : random.nextInt(3);
      Hit hit = new Hit(random.nextInt(20), now - late, random.nextInt(7) - 3L);
      log.add(hit.slot, hit.timeMillis, hit.delta);
      all.add(hit);
      if (i % 40 == 0) {
        log = reloaded(log);
      }
      long start = log.floorMillis() + random.nextInt(horizon + 1);
      long end = start + random.nextInt(horizon + 10_000);
      assertThat(sums(log, start, end)).isEqualTo(bruteForce(all, start, end));
    }
  }

  @Property(tries = 50)
  void aReloadedLogPrunesLikeTheOriginal(@ForAll long seed) {
    Random random = new Random(seed);
    HitLog original = new HitLog(1000);
    HitLog reloaded = new HitLog(1000);
    long now = 0;
    for (int i = 0; i < 500; i++) {
      now += random.nextInt(5000);
      int slot = random.nextInt(random.nextInt(300) + 1);
      original.add(slot, now, 1);
      reloaded.add(slot, now, 1);
      if (random.nextInt(20) == 0) {
        reloaded = reloaded(reloaded);
      }
      assertThat(reloaded.pruned()).isEqualTo(original.pruned());
      assertThat(hits(reloaded)).isEqualTo(hits(original));
    }
    assertThat(original.pruned()).isPositive();
  }

  /** More hits than a block has, of which some come late by any number of blocks. */
  @Property(tries = 30)
  void aKeyWithManyHitsIsSummedLikeAnyOther(@ForAll long seed) {
    Random random = new Random(seed);
    HitLog log = new HitLog(2000);
    List<Hit> all = new ArrayList<>();
    long now = 1_000_000;
    for (int i = 0; i < 6000; i++) {
      now += random.nextInt(300);
      long late =
          switch (random.nextInt(8)) {
            case 0 -> random.nextInt(320_000);
            case 1, 2 -> random.nextInt(1000);
            default -> 0;
          };
      Hit hit = new Hit(0, now - late, random.nextInt(7) - 3L);
      log.add(hit.slot, hit.timeMillis, hit.delta);
      all.add(hit);
      if (i % 500 == 0) {
        now += random.nextInt(4) == 0 ? 250_000 : 0;
        log = random.nextBoolean() ? log : reloaded(log);
        assertSpans(random, log, all);
      }
    }
    assertSpans(random, log, all);
    assertThat(log.pruned()).isPositive();
  }

  private static void assertSpans(Random random, HitLog log, List<Hit> all) {
    for (int i = 0; i < 10; i++) {
      long start = log.floorMillis() + random.nextInt(300_000);
      long end = start + random.nextInt(300_000);
      assertThat(sums(log, start, end)).isEqualTo(bruteForce(all, start, end));
    }
  }

  @Property(tries = 30)
  void aFrozenLogStaysAsItWas(@ForAll long seed) {
    Random random = new Random(seed);
    HitLog log = new HitLog(1000);
    List<HitLog> views = new ArrayList<>();
    List<List<Hit>> expected = new ArrayList<>();
    List<Long> pruned = new ArrayList<>();
    long now = 1_000_000;
    for (int i = 0; i < 8000; i++) {
      now += random.nextInt(200);
      long late = random.nextInt(5) == 0 ? random.nextInt(310_000) : 0;
      log.add(random.nextInt(10) == 0 ? random.nextInt(200) : 0, now - late, 1);
      if (random.nextInt(1000) == 0) {
        views.add(log.frozen());
        expected.add(hits(log));
        pruned.add(log.pruned());
      }
    }
    for (int i = 0; i < views.size(); i++) {
      assertThat(hits(views.get(i))).isEqualTo(expected.get(i));
      assertThat(views.get(i).entries()).isEqualTo(expected.get(i).size());
      assertThat(views.get(i).pruned()).isEqualTo(pruned.get(i));
    }
  }

  @Test
  void idleKeysArePrunedByTheHitsOfOthers() {
    HitLog log = new HitLog(1000);
    for (int slot = 0; slot < 1000; slot++) {
      log.add(slot, slot, 1);
    }
    for (int i = 0; i < 600; i++) {
      log.add(0, 10_000_000 + i, 1);
    }
    assertThat(log.pruned()).isEqualTo(1000);
    assertThat(log.entries()).isEqualTo(600);
  }

  @Test
  void hitsOfAMillisecondAreOneEntry() {
    HitLog log = new HitLog(1000);
    log.add(3, 50, 1);
    log.add(3, 50, 4);
    assertThat(log.entries()).isEqualTo(1);
    assertThat(log.sum(3, 50, 51)).isEqualTo(5);
    assertThat(log.sum(3, 51, 100)).isZero();
    assertThat(log.sum(3, 0, 50)).isZero();
  }

  @Test
  void memoryIsGivenBackWhenHitsArePruned() {
    HitLog log = new HitLog(1000);
    for (int i = 0; i < 10_000; i++) {
      log.add(0, i, 1);
    }
    long full = log.bytes();
    log.add(0, 100_000_000, 1);
    for (int i = 0; i < 20; i++) {
      log.add(0, 100_000_001 + i, 1);
    }
    assertThat(log.bytes()).isLessThan(full / 50);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 3_600_001, Long.MAX_VALUE})
  void horizonsOutOfBoundsAreRefused(long horizon) {
    assertThatIllegalArgumentException().isThrownBy(() -> new HitLog(horizon));
  }

  private static HitLog reloaded(HitLog log) {
    HitLog copy = new HitLog(log.horizonMillis());
    copy.restore(log.highestMillis(), log.pruned(), log.sweepSlot(), log.sweepLength());
    log.forEachHit(copy::restoreHit);
    return copy;
  }

  private static List<Hit> hits(HitLog log) {
    List<Hit> hits = new ArrayList<>();
    log.forEachHit((slot, time, delta) -> hits.add(new Hit(slot, time, delta)));
    return hits;
  }

  private static Map<Integer, Long> sums(HitLog log, long start, long end) {
    Map<Integer, Long> sums = new HashMap<>();
    log.forEachSum(start, end, sums::put);
    return sums;
  }

  private static Map<Integer, Long> bruteForce(List<Hit> all, long start, long end) {
    Map<Integer, Long> sums = new HashMap<>();
    for (Hit hit : all) {
      if (hit.timeMillis >= start && hit.timeMillis < end) {
        sums.merge(hit.slot, hit.delta, Long::sum);
      }
    }
    sums.values().removeIf(sum -> sum == 0);
    return sums;
  }
}
