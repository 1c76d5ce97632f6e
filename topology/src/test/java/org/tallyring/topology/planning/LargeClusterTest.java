package org.tallyring.topology.planning;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.assignment.Shard;

/**
 * A thousand shards and as many ranges as a ring can have: no network, only the plans. The times
 * are printed and held against a limit that only another order of growth would reach.
 */
final class LargeClusterTest {

  private static final int SHARDS = 1_000;
  private static final int RANGES = 16_384;
  private static final long LIMIT_MILLIS = 10_000;

  private static List<Shard> shards(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> new Shard("shard-" + i, 1, "")).toList();
  }

  private static AssignmentPlan timed(String what, Supplier<AssignmentPlan> planning) {
    long begun = System.nanoTime();
    AssignmentPlan plan = planning.get();
    long millis = (System.nanoTime() - begun) / 1_000_000;
    System.out.printf(
        "plan of %d shards and %d ranges, %s: %d moves in %d ms%n",
        SHARDS, RANGES, what, plan.moves().size(), millis);
    assertThat(millis).as(what).isLessThan(LIMIT_MILLIS);
    return plan;
  }

  private static void assertBalanced(Assignment assignment, int shards) {
    int most = (int) Math.ceil(1.1 * RANGES / shards);
    assertThat(assignment.load()).hasSize(shards);
    assertThat(assignment.load().values())
        .allSatisfy(ranges -> assertThat(ranges).isBetween(RANGES / shards, most));
  }

  @Test
  void aThousandShardsStayBalancedAndMoveLittle() {
    List<Shard> all = shards(0, SHARDS);
    Assignment first =
        timed("a new cluster", () -> AssignmentPlanner.plan(all, Assignment.empty(RANGES)))
            .target();
    assertBalanced(first, SHARDS);

    AssignmentPlan joined =
        timed("one joins", () -> AssignmentPlanner.plan(shards(0, SHARDS + 1), first));
    assertThat(joined.moves()).hasSize(RANGES / (SHARDS + 1));
    assertThat(joined.moves()).extracting(Move::to).containsOnly("shard-" + SHARDS);
    assertBalanced(joined.target(), SHARDS + 1);

    AssignmentPlan died = timed("one dies", () -> AssignmentPlanner.plan(shards(1, SHARDS), first));
    assertThat(died.moves()).hasSize(first.rangesOf("shard-0").size());
    assertBalanced(died.target(), SHARDS - 1);

    AssignmentPlan rack =
        timed("a tenth dies", () -> AssignmentPlanner.plan(shards(100, SHARDS), first));
    assertThat(rack.moves()).allMatch(move -> move.reason() == Reason.OWNER_DEAD);
    assertBalanced(rack.target(), SHARDS - 100);

    AssignmentPlan drained =
        timed("one is drained", () -> AssignmentPlanner.plan(all, Set.of("shard-7"), first));
    assertThat(drained.moves()).hasSize(first.rangesOf("shard-7").size());

    Assignment half = AssignmentPlanner.plan(shards(0, 500), Assignment.empty(RANGES)).target();
    AssignmentPlan doubled = timed("500 join 500", () -> AssignmentPlanner.plan(all, half));
    assertThat(doubled.moves()).allMatch(move -> move.reason() == Reason.REBALANCE);
    assertBalanced(doubled.target(), SHARDS);

    Random random = new Random(5);
    long[] rates = new long[RANGES];
    Arrays.setAll(rates, range -> (long) (10 / (random.nextDouble() + 0.001)));
    AssignmentPlan spread =
        timed(
            "heavy ranges",
            () ->
                AssignmentPlanner.spread(
                    all,
                    Set.of(),
                    first,
                    RangeLoads.of(rates, new long[RANGES]),
                    AssignmentPlanner.TOLERANCE_PERCENT,
                    8));
    assertThat(spread.moves()).isNotEmpty().hasSizeLessThanOrEqualTo(8);
  }
}
