package org.tallyring.topology.planning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.assignment.Shard;

/** Heavy ranges are moved apart when it pays, within the numbers that a plan keeps. */
final class SpreadingTest {

  private static final int EAGER = AssignmentPlanner.TOLERANCE_PERCENT_WHEN_ASKED;

  private static List<Shard> shards(List<Integer> weights) {
    List<Shard> shards = new ArrayList<>();
    for (int i = 0; i < weights.size(); i++) {
      shards.add(new Shard("shard-" + i, weights.get(i), ""));
    }
    return shards;
  }

  private static Assignment assigned(List<Shard> shards, int rangeCount) {
    return AssignmentPlanner.plan(shards, Assignment.empty(rangeCount)).target();
  }

  private static AssignmentPlan spread(
      List<Shard> shards, Assignment current, long[] rates, int tolerancePercent, int atMost) {
    return AssignmentPlanner.spread(
        shards,
        Set.of(),
        current,
        RangeLoads.of(rates, new long[rates.length]),
        tolerancePercent,
        atMost);
  }

  private static long rateOf(Assignment assignment, Shard shard, long[] rates) {
    return assignment.rangesOf(shard.id()).stream().mapToLong(range -> rates[range]).sum();
  }

  @Test
  void twoHeavyRangesOfOneShardArePartedByAnExchange() {
    List<Shard> shards = shards(List.of(1, 1));
    Assignment current = assigned(shards, 16);
    long[] rates = new long[16];
    Arrays.fill(rates, 10_000);
    List<Integer> first = current.rangesOf("shard-0");
    rates[first.get(2)] = 100_000;
    rates[first.get(5)] = 100_000;

    AssignmentPlan plan = spread(shards, current, rates, AssignmentPlanner.TOLERANCE_PERCENT, 8);
    assertThat(plan.moves()).hasSize(2);
    assertThat(plan.moves()).allMatch(move -> move.reason() == Reason.HEAVY);
    assertThat(plan.moves()).extracting(Move::from).containsExactlyInAnyOrder("shard-0", "shard-1");
    assertThat(rateOf(plan.target(), shards.get(0), rates))
        .isEqualTo(rateOf(plan.target(), shards.get(1), rates));
  }

  @Test
  void aRangeThatIsHeavierThanAShareStaysWhereItIs() {
    List<Shard> shards = shards(List.of(1, 1, 1));
    Assignment current = assigned(shards, 16);
    long[] rates = new long[16];
    Arrays.fill(rates, 100);
    rates[7] = 1_000_000;

    assertThat(spread(shards, current, rates, EAGER, 8).moves()).isEmpty();
  }

  @Test
  void anIdleClusterIsLeftAlone() {
    List<Shard> shards = shards(List.of(1, 1));
    Assignment current = assigned(shards, 16);
    long[] rates = new long[16];
    current.rangesOf("shard-0").forEach(range -> rates[range] = 100);

    assertThat(spread(shards, current, rates, EAGER, 8).moves()).isEmpty();
    long[] bytes = new long[16];
    Arrays.fill(bytes, RangeLoads.LEAST_BYTES / 17);
    assertThat(RangeLoads.of(rates, bytes).costOf(0)).isZero();
  }

  @Test
  void bytesCountAsMuchAsIncrements() {
    RangeLoads loads = RangeLoads.of(new long[] {3_000, 1_000}, new long[] {1L << 30, 3L << 30});
    assertThat(loads.costOf(0)).isEqualTo(loads.costOf(1)).isEqualTo(1_000_000);
  }

  @Test
  void onlyWhatIsNotDrainedIsGivenAnything() {
    List<Shard> shards = shards(List.of(1, 1, 1));
    Assignment current =
        AssignmentPlanner.plan(shards, Set.of("shard-2"), Assignment.empty(16)).target();
    long[] rates = new long[16];
    current.rangesOf("shard-0").forEach(range -> rates[range] = 10_000);
    AssignmentPlan plan =
        AssignmentPlanner.spread(
            shards, Set.of("shard-2"), current, RangeLoads.of(rates, new long[16]), EAGER, 8);
    assertThat(plan.moves()).isNotEmpty();
    assertThat(plan.target().load()).containsOnlyKeys("shard-0", "shard-1");
  }

  @Test
  void loadsOfAnotherNumberOfRangesAreRefused() {
    List<Shard> shards = shards(List.of(1));
    assertThatThrownBy(() -> spread(shards, assigned(shards, 16), new long[8], EAGER, 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("loads: 8 ranges (expected: 16, as assigned)");
    assertThatThrownBy(() -> RangeLoads.of(new long[8], new long[7]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Property(tries = 300)
  void whateverTheLoadsAPlanIsShortGainsKeepsTheNumbersAndComesToAnEnd(
      @ForAll @IntRange(max = 8) int bits,
      @ForAll @Size(min = 1, max = 9) List<@IntRange(min = 1, max = 4) Integer> weights,
      @ForAll @IntRange(min = 1, max = 9) int atMost,
      @ForAll long seed) {
    Random random = new Random(seed);
    List<Shard> shards = shards(weights);
    Assignment current = assigned(shards, 1 << bits);
    long[] rates = new long[1 << bits];
    Arrays.setAll(rates, range -> (long) (1_000 / (random.nextDouble() + 0.001)));
    int plans = 0;
    while (true) {
      AssignmentPlan plan = spread(shards, current, rates, EAGER, atMost);
      assertThat(plan.moves()).hasSizeLessThanOrEqualTo(atMost);
      assertThat(plan.moves()).extracting(Move::rangeId).doesNotHaveDuplicates();
      assertThat(AssignmentPlanner.plan(shards, plan.target()).moves())
          .as("what a plan by numbers would undo")
          .isEmpty();
      if (plan.moves().isEmpty()) {
        assertThat(plan.target()).isEqualTo(current);
        return;
      }
      assertThat(Arrays.compare(loads(shards, plan.target(), rates), loads(shards, current, rates)))
          .as("loads after and before, the highest first")
          .isNegative();
      current = plan.target();
      assertThat(++plans).as("plans until nothing is gained any more").isLessThan(1_000);
    }
  }

  /**
   * What shards do for their weight, the highest first. An order in which nothing falls for ever.
   */
  private static double[] loads(List<Shard> shards, Assignment assignment, long[] rates) {
    return shards.stream()
        .map(shard -> rateOf(assignment, shard, rates) / (double) shard.weight())
        .sorted(Comparator.reverseOrder())
        .mapToDouble(Double::doubleValue)
        .toArray();
  }
}
