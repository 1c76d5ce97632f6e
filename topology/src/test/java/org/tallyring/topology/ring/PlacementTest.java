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
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.assignment.Shard;

final class PlacementTest {

  private static List<Shard> shards(List<Integer> weights) {
    return IntStream.range(0, weights.size())
        .mapToObj(i -> new Shard("shard-" + i, weights.get(i), ""))
        .toList();
  }

  private static Quota quota(List<Integer> weights, int shard, int rangeCount) {
    long total = weights.stream().mapToLong(Integer::longValue).sum();
    return new Quota(rangeCount, weights.get(shard), total);
  }

  @Property(tries = 200)
  void noShardTakesMoreThanItsShareRoundedUp(
      @ForAll @Size(min = 1, max = 12) List<@IntRange(min = 1, max = 5) Integer> weights,
      @ForAll @IntRange(max = 8) int bits) {
    Placement placement = new Placement(shards(weights), 1 << bits);
    IntStream.range(0, 1 << bits).forEach(placement::place);
    Assignment placed = placement.toAssignment();
    assertThat(placed.toList()).doesNotContain("");
    for (int shard = 0; shard < weights.size(); shard++) {
      assertThat(placed.load().getOrDefault("shard-" + shard, 0))
          .isLessThanOrEqualTo(quota(weights, shard, 1 << bits).most());
    }
  }

  @Property(tries = 200)
  void eveningOutEndsBetweenTheShareRoundedDownAndTheBound(
      @ForAll @Size(min = 1, max = 8) List<@IntRange(min = 1, max = 9) Integer> weights,
      @ForAll @IntRange(max = 7) int bits,
      @ForAll long seed) {
    Random random = new Random(seed);
    Placement placement = new Placement(shards(weights), 1 << bits);
    // Squared, so that most ranges start on few shards.
    double skew = random.nextDouble();
    for (int range = 0; range < 1 << bits; range++) {
      double place = random.nextDouble();
      placement.keep(range, "shard-" + (int) (weights.size() * place * (skew < 0.5 ? place : 1)));
    }
    placement.even();
    Assignment evened = placement.toAssignment();
    for (int shard = 0; shard < weights.size(); shard++) {
      Quota quota = quota(weights, shard, 1 << bits);
      assertThat(evened.load().getOrDefault("shard-" + shard, 0))
          .isBetween(quota.least(), quota.bound());
    }
  }

  @Test
  void aRangeGoesToTheFirstShardOnTheRingWhileThatHasRoom() {
    List<Shard> shards = shards(List.of(1, 1, 1, 1));
    HashRing ring = new HashRing(shards);
    for (int range = 0; range < 64; range++) {
      Placement placement = new Placement(shards, 64);
      placement.place(range);
      int first = ring.firstFrom(HashRing.positionOf(range), shard -> true);
      assertThat(placement.toAssignment().ownerOf(range)).isEqualTo("shard-" + first);
    }
  }

  @Test
  void aShardThatIsFullIsPassedOver() {
    List<Shard> shards = shards(List.of(1, 1));
    HashRing ring = new HashRing(shards);
    List<Integer> ranges = new ArrayList<>(IntStream.range(0, 64).boxed().toList());
    Collections.sort(
        ranges,
        (a, b) ->
            Integer.compare(
                ring.firstFrom(HashRing.positionOf(a), shard -> true),
                ring.firstFrom(HashRing.positionOf(b), shard -> true)));
    Placement placement = new Placement(shards, 64);
    ranges.forEach(placement::place);
    assertThat(placement.toAssignment().load())
        .containsEntry("shard-0", 32)
        .containsEntry("shard-1", 32);
  }

  @Test
  void onlyAShardOfThePlacementCanKeepARange() {
    Placement placement = new Placement(shards(List.of(1)), 4);
    assertThat(placement.keep(0, "shard-0")).isTrue();
    assertThat(placement.keep(1, "shard-9")).isFalse();
    assertThat(placement.toAssignment().toList()).containsExactly("shard-0", "", "", "");
  }

  @Test
  void withoutShardsThereIsNoPlacement() {
    assertThatThrownBy(() -> new Placement(List.of(), 64))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shards: none (expected: at least one)");
  }
}
