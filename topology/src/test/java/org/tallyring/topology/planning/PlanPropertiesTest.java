package org.tallyring.topology.planning;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.assignment.Shard;
import org.tallyring.topology.ring.Quota;

/** What {@link AssignmentPlanner} promises, over histories of shards that join and leave. */
final class PlanPropertiesTest {

  /**
   * A cluster that lives through a history: a step names a shard, which joins, or leaves if it is
   * there.
   */
  private static final class Cluster {
    private final SortedMap<String, Shard> members = new TreeMap<>();
    private Assignment assignment;

    Cluster(int rangeCount) {
      assignment = Assignment.empty(rangeCount);
    }

    /** Joins or leaves; the cluster then has the plan's target. */
    AssignmentPlan step(int shard, int weight) {
      String id = "shard-" + shard;
      if (members.remove(id) == null) {
        members.put(id, new Shard(id, weight, ""));
      }
      return plan();
    }

    AssignmentPlan plan() {
      AssignmentPlan plan = AssignmentPlanner.plan(members.values(), assignment);
      assignment = plan.target();
      return plan;
    }
  }

  private static void assertWithinBounds(Collection<Shard> members, Assignment assignment) {
    long totalWeight = members.stream().mapToLong(Shard::weight).sum();
    for (Shard shard : members) {
      Quota quota = new Quota(assignment.rangeCount(), shard.weight(), totalWeight);
      int bound =
          (int) Math.ceil(assignment.rangeCount() * (double) shard.weight() / totalWeight * 1.1);
      assertThat(assignment.rangesOf(shard.id()).size())
          .isGreaterThanOrEqualTo(quota.least())
          .isLessThanOrEqualTo(bound);
    }
  }

  @Property(tries = 300)
  void aShardThatJoinsTakesItsShareAndNothingElseMoves(
      @ForAll @IntRange(max = 9) int bits,
      @ForAll @Size(max = 40) List<@IntRange(max = 30) Integer> history) {
    Cluster cluster = new Cluster(1 << bits);
    history.forEach(shard -> cluster.step(shard, 1));
    int others = cluster.members.size();
    AssignmentPlan plan = cluster.step(99, 1);
    assertThat(plan.moves()).hasSize((1 << bits) / (others + 1));
    assertThat(plan.moves())
        .allSatisfy(
            move -> {
              assertThat(move.to()).isEqualTo("shard-99");
              assertThat(move.reason())
                  .isEqualTo(others == 0 ? Reason.UNASSIGNED : Reason.REBALANCE);
            });
  }

  @Property(tries = 300)
  void onlyTheRangesOfAShardThatLeavesMove(
      @ForAll @IntRange(max = 9) int bits,
      @ForAll @Size(max = 40) List<@IntRange(max = 30) Integer> history) {
    Cluster cluster = new Cluster(1 << bits);
    cluster.step(99, 1);
    history.forEach(shard -> cluster.step(shard, 1));
    List<Integer> left = cluster.assignment.rangesOf("shard-99");
    AssignmentPlan plan = cluster.step(99, 1);
    assertThat(plan.moves()).extracting(Move::rangeId).containsExactlyElementsOf(left);
    assertThat(plan.moves())
        .allSatisfy(move -> assertThat(move.reason()).isEqualTo(Reason.OWNER_DEAD));
  }

  @Property(tries = 300)
  void everyPlanKeepsTheBoundsAndLeavesNothingToDo(
      @ForAll @IntRange(max = 9) int bits,
      @ForAll @Size(min = 1, max = 30) List<@IntRange(max = 12) Integer> history,
      @ForAll @Size(value = 13) List<@IntRange(min = 1, max = 10) Integer> weights) {
    Cluster cluster = new Cluster(1 << bits);
    for (int shard : history) {
      cluster.step(shard, weights.get(shard));
      if (cluster.members.isEmpty()) {
        assertThat(cluster.assignment).isEqualTo(Assignment.empty(1 << bits));
      } else {
        assertThat(cluster.assignment.toList()).doesNotContain("");
        assertThat(cluster.members.keySet()).containsAll(cluster.assignment.load().keySet());
        assertWithinBounds(cluster.members.values(), cluster.assignment);
      }
      assertThat(cluster.plan().moves()).isEmpty();
    }
  }

  @Property(tries = 300)
  void severalShardsMayComeAndGoAtOnce(
      @ForAll @IntRange(max = 9) int bits,
      @ForAll @Size(max = 20) List<@IntRange(max = 30) Integer> before,
      @ForAll @Size(min = 1, max = 20) List<@IntRange(max = 30) Integer> after) {
    List<Shard> later =
        after.stream().distinct().map(shard -> new Shard("shard-" + shard, 1, "")).toList();
    Cluster cluster = new Cluster(1 << bits);
    before.forEach(shard -> cluster.step(shard, 1));
    AssignmentPlan plan = AssignmentPlanner.plan(later, cluster.assignment);
    assertWithinBounds(later, plan.target());
    assertThat(AssignmentPlanner.plan(later, plan.target()).moves()).isEmpty();
  }

  @Property(tries = 300)
  void thePlanFitsAnyPresentAssignment(
      @ForAll @IntRange(max = 7) int bits,
      @ForAll @Size(min = 1, max = 8) List<@IntRange(min = 1, max = 10) Integer> weights,
      @ForAll long seed) {
    Random random = new Random(seed);
    List<Shard> members = new ArrayList<>();
    for (int i = 0; i < weights.size(); i++) {
      members.add(new Shard("shard-" + i, weights.get(i), ""));
    }
    List<String> owners = new ArrayList<>();
    int candidates = 1 + random.nextInt(2 * weights.size());
    for (int range = 0; range < 1 << bits; range++) {
      owners.add(random.nextInt(4) == 0 ? "" : "shard-" + random.nextInt(candidates));
    }
    Assignment current = Assignment.of(owners);
    AssignmentPlan plan = AssignmentPlanner.plan(members, current);
    assertWithinBounds(members, plan.target());

    List<String> moved = new ArrayList<>(owners);
    for (Move move : plan.moves()) {
      assertThat(moved.set(move.rangeId(), move.to())).isEqualTo(move.from());
    }
    assertThat(moved).isEqualTo(plan.target().toList());
    assertThat(AssignmentPlanner.plan(members, plan.target()).moves()).isEmpty();
  }

  @Property(tries = 200)
  void theOrderOfTheMembersDoesNotMatter(
      @ForAll @IntRange(max = 9) int bits,
      @ForAll @Size(min = 1, max = 20) List<@IntRange(max = 12) Integer> history,
      @ForAll long seed) {
    Cluster cluster = new Cluster(1 << bits);
    history.forEach(shard -> cluster.step(shard, 1 + shard % 3));
    Assignment before = cluster.assignment;
    AssignmentPlan plan = cluster.step(99, 2);
    List<Shard> shuffled = new ArrayList<>(cluster.members.values());
    Collections.shuffle(shuffled, new Random(seed));
    assertThat(AssignmentPlanner.plan(shuffled, before)).isEqualTo(plan);
  }
}
