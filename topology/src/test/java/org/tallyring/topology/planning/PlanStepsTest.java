package org.tallyring.topology.planning;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.assignment.Shard;

/** A plan that is done in steps, each planned anew by a controller that remembers nothing. */
final class PlanStepsTest {

  private static List<Shard> shards(int count) {
    return IntStream.range(0, count).mapToObj(i -> new Shard("shard-" + i, 1, "")).toList();
  }

  private static Assignment assigned(int shards, int rangeCount) {
    return AssignmentPlanner.plan(shards(shards), Assignment.empty(rangeCount)).target();
  }

  /** Plans and does steps until nothing is left; every range arrives before the next step. */
  private static List<Move> moves(
      List<Shard> members, Set<String> draining, Assignment before, int atOnce) {
    List<Move> moves = new ArrayList<>();
    Assignment current = before;
    while (true) {
      AssignmentPlan step =
          AssignmentPlanner.plan(members, draining, current).step(Set.of(), atOnce);
      if (step.moves().isEmpty()) {
        assertThat(AssignmentPlanner.plan(members, draining, current).moves()).isEmpty();
        return moves;
      }
      assertThat(step.moves()).hasSizeLessThanOrEqualTo(atOnce);
      moves.addAll(step.moves());
      assertThat(moves).hasSizeLessThanOrEqualTo(before.rangeCount());
      current = step.target();
    }
  }

  @Property(tries = 200)
  void aShardThatJoinsInStepsMovesNoMoreThanAtOnce(
      @ForAll @IntRange(max = 9) int bits,
      @ForAll @IntRange(min = 1, max = 20) int others,
      @ForAll @IntRange(min = 1, max = 9) int atOnce) {
    List<Move> moves = moves(shards(others + 1), Set.of(), assigned(others, 1 << bits), atOnce);
    assertThat(moves).hasSize((1 << bits) / (others + 1));
    assertThat(moves).allSatisfy(move -> assertThat(move.to()).isEqualTo("shard-" + others));
    assertThat(moves).extracting(Move::rangeId).doesNotHaveDuplicates();
  }

  @Property(tries = 200)
  void aShardIsDrainedInStepsAndNothingElseMoves(
      @ForAll @IntRange(max = 9) int bits,
      @ForAll @IntRange(min = 2, max = 20) int count,
      @ForAll @IntRange(min = 1, max = 9) int atOnce) {
    Assignment before = assigned(count, 1 << bits);
    List<Move> moves = moves(shards(count), Set.of("shard-1"), before, atOnce);
    assertThat(moves)
        .extracting(Move::rangeId)
        .containsExactlyInAnyOrderElementsOf(before.rangesOf("shard-1"));
    assertThat(moves)
        .allSatisfy(move -> assertThat(move.reason()).isEqualTo(Reason.OWNER_DRAINING));
  }

  @Test
  void rangesOnTheMoveTakeUpRoomAndAreNotMovedAgain() {
    Assignment before = assigned(3, 64);
    AssignmentPlan plan = AssignmentPlanner.plan(shards(3), Set.of("shard-1"), before);
    Set<Integer> moving = new HashSet<>(before.rangesOf("shard-1").subList(0, 3));
    AssignmentPlan step = plan.step(moving, 8);
    assertThat(step.moves()).hasSize(5);
    assertThat(step.moves()).extracting(Move::rangeId).doesNotContainAnyElementsOf(moving);
    assertThat(plan.step(new HashSet<>(before.rangesOf("shard-0")), 8).moves()).isEmpty();
  }

  @Test
  void whatHasNoLiveOwnerGoesAtOnceWhateverIsOnTheMove() {
    Assignment before = assigned(3, 64);
    Set<Integer> all = new HashSet<>(IntStream.range(0, 64).boxed().toList());
    AssignmentPlan step = AssignmentPlanner.plan(shards(2), Set.of("shard-1"), before).step(all, 8);
    assertThat(step.moves())
        .extracting(Move::rangeId)
        .containsExactlyElementsOf(before.rangesOf("shard-2"));
    assertThat(step.target().rangesOf("shard-1")).isEqualTo(before.rangesOf("shard-1"));
  }

  @Test
  void whatIsDrainedGoesBeforeWhatIsEvenedOut() {
    Assignment before = assigned(3, 64);
    AssignmentPlan step =
        AssignmentPlanner.plan(shards(5), Set.of("shard-1"), before).step(Set.of(), 21);
    assertThat(step.moves())
        .allSatisfy(move -> assertThat(move.reason()).isEqualTo(Reason.OWNER_DRAINING));
  }

  @Test
  void whenAllAreDrainedOnlyWhatHasNoOwnerMoves() {
    Assignment before = assigned(2, 64);
    AssignmentPlan plan =
        AssignmentPlanner.plan(shards(3), Set.of("shard-0", "shard-1", "shard-2"), before);
    assertThat(plan.moves()).isEmpty();
    assertThat(plan.target()).isEqualTo(before);
  }
}
