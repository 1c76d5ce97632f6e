package org.tallyring.topology.planning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.assignment.Shard;

final class AssignmentPlannerTest {

  private static final Assignment NEW_CLUSTER = Assignment.empty(64);

  private static List<Shard> shards(String... ids) {
    return Arrays.stream(ids).map(id -> new Shard(id, 1, "")).toList();
  }

  private static Assignment planned(String... ids) {
    return AssignmentPlanner.plan(shards(ids), NEW_CLUSTER).target();
  }

  @Test
  void threeShardsShareANewCluster() {
    AssignmentPlan plan = AssignmentPlanner.plan(shards("a", "b", "c"), NEW_CLUSTER);
    assertThat(plan.target().load()).containsOnlyKeys("a", "b", "c");
    assertThat(plan.target().load().values()).containsExactlyInAnyOrder(21, 21, 22);
    assertThat(plan.moves()).hasSize(64);
    assertThat(plan.moves())
        .allSatisfy(
            move -> {
              assertThat(move.from()).isEmpty();
              assertThat(move.to()).isEqualTo(plan.target().ownerOf(move.rangeId()));
              assertThat(move.reason()).isEqualTo(Reason.UNASSIGNED);
            });
  }

  @Test
  void aSingleShardOwnsEverything() {
    assertThat(planned("a").load()).containsOnlyKeys("a").containsEntry("a", 64);
  }

  @Test
  void aFourthShardTakesAQuarterFromTheOthersAlike() {
    Assignment current = planned("a", "b", "c");
    AssignmentPlan plan = AssignmentPlanner.plan(shards("a", "b", "c", "d"), current);
    assertThat(plan.moves()).hasSize(16);
    assertThat(plan.moves())
        .allSatisfy(
            move -> {
              assertThat(move.to()).isEqualTo("d");
              assertThat(move.reason()).isEqualTo(Reason.REBALANCE);
            });
    assertThat(plan.target().load().values()).containsExactly(16, 16, 16, 16);
  }

  @Test
  void theRangesOfADeadShardAreSpreadOverAllOthers() {
    Assignment current = planned("a", "b", "c", "d");
    AssignmentPlan plan = AssignmentPlanner.plan(shards("a", "b", "d"), current);
    assertThat(plan.moves())
        .extracting(Move::rangeId)
        .containsExactlyElementsOf(current.rangesOf("c"));
    assertThat(plan.moves()).extracting(Move::to).contains("a", "b", "d");
    assertThat(plan.moves())
        .allSatisfy(
            move -> {
              assertThat(move.from()).isEqualTo("c");
              assertThat(move.reason()).isEqualTo(Reason.OWNER_DEAD);
            });
    assertThat(plan.target().load().values()).containsExactlyInAnyOrder(21, 21, 22);
  }

  @Test
  void aShardThatIsDrainedKeepsNothing() {
    Assignment current = planned("a", "b", "c");
    AssignmentPlan plan = AssignmentPlanner.plan(shards("a", "b", "c"), Set.of("b"), current);
    assertThat(plan.target().load()).containsOnlyKeys("a", "c");
    assertThat(plan.moves())
        .hasSameSizeAs(current.rangesOf("b"))
        .allSatisfy(move -> assertThat(move.reason()).isEqualTo(Reason.OWNER_DRAINING));
    assertThat(AssignmentPlanner.plan(shards("a", "b", "c"), Set.of("b"), plan.target()).moves())
        .isEmpty();
  }

  @Test
  void theLastShardsCannotBeDrained() {
    Assignment current = planned("a", "b");
    assertThat(AssignmentPlanner.plan(shards("a", "b"), Set.of("a", "b"), current).moves())
        .isEmpty();
    assertThat(AssignmentPlanner.plan(shards("a"), Set.of("a"), current).target().load())
        .containsOnlyKeys("a")
        .containsEntry("a", 64);
  }

  @Test
  void withoutAShardNoRangeHasAnOwner() {
    Assignment current = planned("a", "b");
    AssignmentPlan plan = AssignmentPlanner.plan(List.of(), current);
    assertThat(plan.target()).isEqualTo(NEW_CLUSTER);
    assertThat(plan.moves())
        .hasSize(64)
        .allSatisfy(
            move -> {
              assertThat(move.to()).isEmpty();
              assertThat(move.reason()).isEqualTo(Reason.OWNER_DEAD);
            });
    assertThat(AssignmentPlanner.plan(List.of(), NEW_CLUSTER).moves()).isEmpty();
  }

  @Test
  void twiceTheWeightIsTwiceTheRanges() {
    AssignmentPlan plan =
        AssignmentPlanner.plan(
            List.of(new Shard("big", 2, ""), new Shard("a", 1, ""), new Shard("b", 1, "")),
            NEW_CLUSTER);
    assertThat(plan.target().load())
        .containsEntry("big", 32)
        .containsEntry("a", 16)
        .containsEntry("b", 16);
  }

  @Test
  void anImbalanceWithinTheBoundIsLeftAlone() {
    // The share is 12.8 and the bound is 15.
    List<Shard> five = shards("a", "b", "c", "d", "e");
    Assignment within = Assignment.of(owners(15, "a", 13, "b", 12, "c", 12, "d", 12, "e"));
    assertThat(AssignmentPlanner.plan(five, within).moves()).isEmpty();

    Assignment above = Assignment.of(owners(16, "a", 12, "b", 12, "c", 12, "d", 12, "e"));
    assertThat(AssignmentPlanner.plan(five, above).moves())
        .singleElement()
        .satisfies(move -> assertThat(move.from()).isEqualTo("a"));

    Assignment below = Assignment.of(owners(14, "a", 13, "b", 13, "c", 13, "d", 11, "e"));
    assertThat(AssignmentPlanner.plan(five, below).moves())
        .singleElement()
        .satisfies(move -> assertThat(move.from() + move.to()).isEqualTo("ae"));
  }

  @Test
  void moreShardsThanRangesLeavesSomeIdle() {
    Assignment current = Assignment.empty(4);
    AssignmentPlan plan = AssignmentPlanner.plan(shards("a", "b", "c", "d", "e", "f"), current);
    assertThat(plan.target().load().values()).containsExactly(1, 1, 1, 1);
    assertThat(
            AssignmentPlanner.plan(shards("a", "b", "c", "d", "e", "f", "g"), plan.target())
                .moves())
        .isEmpty();
  }

  @Test
  void twoShardsOfOneNameAreRefused() {
    assertThatThrownBy(() -> AssignmentPlanner.plan(shards("a", "a"), NEW_CLUSTER))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shard: a twice (expected: distinct ids)");
  }

  @Test
  void aMoveReadsAsASentence() {
    assertThat(new Move(7, "", "shard-1", Reason.UNASSIGNED).sentence())
        .isEqualTo("range 7 to shard-1: it had no owner");
    assertThat(new Move(7, "shard-2", "shard-1", Reason.OWNER_DEAD).sentence())
        .isEqualTo("range 7 from shard-2 to shard-1: its owner is not alive");
    assertThat(new Move(7, "shard-2", "shard-1", Reason.OWNER_DRAINING).sentence())
        .isEqualTo("range 7 from shard-2 to shard-1: its owner is being drained");
    assertThat(new Move(7, "shard-2", "shard-1", Reason.REBALANCE).sentence())
        .isEqualTo("range 7 from shard-2 to shard-1: to even out the load");
    assertThat(new Move(7, "shard-2", "", Reason.OWNER_DEAD).sentence())
        .isEqualTo("range 7 from shard-2 to nobody: its owner is not alive");
  }

  /** Runs of owners, given as count and id in turn. */
  private static List<String> owners(Object... countsAndIds) {
    List<String> owners = new ArrayList<>();
    for (int i = 0; i < countsAndIds.length; i += 2) {
      owners.addAll(Collections.nCopies((Integer) countsAndIds[i], (String) countsAndIds[i + 1]));
    }
    return owners;
  }
}
