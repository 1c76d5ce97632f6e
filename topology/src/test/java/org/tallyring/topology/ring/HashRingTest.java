package org.tallyring.topology.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.tallyring.topology.assignment.Shard;

final class HashRingTest {

  private static List<Shard> shards(int count) {
    return IntStream.range(0, count).mapToObj(i -> new Shard("shard-" + i, 1 + i % 3, "")).toList();
  }

  private static String ownerOf(HashRing ring, long position) {
    return ring.shards().get(ring.firstFrom(position, shard -> true));
  }

  @Property(tries = 200)
  void aShardThatJoinsOnlyTakes(
      @ForAll @IntRange(min = 1, max = 20) int count, @ForAll List<Long> positions) {
    HashRing before = new HashRing(shards(count));
    HashRing after = new HashRing(shards(count + 1));
    for (long position : positions) {
      assertThat(ownerOf(after, position)).isIn(ownerOf(before, position), "shard-" + count);
    }
  }

  @Property(tries = 100)
  void theOrderOfTheShardsDoesNotMatter(
      @ForAll @IntRange(min = 1, max = 20) int count,
      @ForAll List<Long> positions,
      @ForAll long seed) {
    List<Shard> shuffled = new ArrayList<>(shards(count));
    Collections.shuffle(shuffled, new Random(seed));
    HashRing ring = new HashRing(shards(count));
    HashRing other = new HashRing(shuffled);
    for (long position : positions) {
      assertThat(ownerOf(other, position)).isEqualTo(ownerOf(ring, position));
    }
  }

  @Property(tries = 100)
  void theFirstShardIsTheOneAtTheLeastDistance(
      @ForAll @IntRange(min = 1, max = 8) int count, @ForAll List<Long> positions) {
    HashRing ring = new HashRing(shards(count));
    for (long position : positions) {
      int first = ring.firstFrom(position, shard -> true);
      for (int shard = 0; shard < count; shard++) {
        assertThat(
                Long.compareUnsigned(
                    ring.distance(position, first), ring.distance(position, shard)))
            .isNotPositive();
      }
    }
  }

  @Test
  void aWalkPassesOverShardsThatAreNotEligible() {
    HashRing ring = new HashRing(shards(3));
    for (int range = 0; range < 64; range++) {
      long position = HashRing.positionOf(range);
      int first = ring.firstFrom(position, shard -> true);
      int second = ring.firstFrom(position, shard -> shard != first);
      assertThat(second).isNotEqualTo(first).isNotNegative();
      assertThat(ring.firstFrom(position, shard -> shard != first && shard != second))
          .isEqualTo(3 - first - second);
      assertThat(ring.firstFrom(position, shard -> false)).isEqualTo(-1);
    }
  }

  @Test
  void aPointIsAtDistanceZeroFromItself() {
    HashRing ring = new HashRing(shards(2));
    long distance = ring.distance(42, 1);
    long point = 42 + distance;
    assertThat(ring.distance(point, 1)).isZero();
    assertThat(ring.firstFrom(point, shard -> true)).isEqualTo(1);
    assertThat(ring.distance(point + 1, 1)).isNotZero();
  }

  @Test
  void piecesOfTheCircleFollowTheWeights() {
    List<Shard> shards = shards(9);
    HashRing ring = new HashRing(shards);
    int[] hits = new int[9];
    Random random = new Random(1);
    int samples = 100_000;
    for (int i = 0; i < samples; i++) {
      hits[ring.firstFrom(random.nextLong(), shard -> true)]++;
    }
    for (int shard = 0; shard < 9; shard++) {
      double share = samples * shards.get(shard).weight() / 18.0;
      // Three standard deviations of a shard with the fewest points, 128.
      assertThat(hits[shard]).isBetween((int) (share * 0.73), (int) (share * 1.27));
    }
  }

  @Test
  void twoShardsOfOneNameAreRefused() {
    assertThatThrownBy(() -> new HashRing(List.of(new Shard("a", 1, "x"), new Shard("a", 2, "y"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shard: a twice (expected: distinct ids)");
  }
}
