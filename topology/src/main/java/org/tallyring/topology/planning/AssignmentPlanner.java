package org.tallyring.topology.planning;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.assignment.Shard;
import org.tallyring.topology.ring.Placement;

/**
 * Decides which shard should own which range, as a pure function of the live shards and the present
 * assignment.
 *
 * <p>What holds of every plan:
 *
 * <ul>
 *   <li>Every range has a live owner, unless there is no live shard at all.
 *   <li>No shard owns more than its share by weight and a tenth, rounded up, nor less than its
 *       share rounded down.
 *   <li>Planning again on the plan's target moves nothing.
 *   <li>The order in which the shards are given does not matter.
 * </ul>
 *
 * <p>And between shards of equal weight, from one plan's target to the next:
 *
 * <ul>
 *   <li>A shard that joins {@code n} others takes {@code 1/(n+1)} of the ranges, rounded down, and
 *       nothing moves between the others.
 *   <li>The ranges of a shard that leaves go to the others, and nothing else moves.
 * </ul>
 */
public final class AssignmentPlanner {

  /**
   * By how much a shard's load may exceed the average, in percent, before ranges are moved apart
   * without being asked: more than loads go up and down by themselves.
   */
  public static final int TOLERANCE_PERCENT = 25;

  /** As {@link #TOLERANCE_PERCENT}, when somebody asks for it. */
  public static final int TOLERANCE_PERCENT_WHEN_ASKED = 5;

  /*
   * The present assignment decides whether a range moves, the shares decide how many move, and the
   * ring decides which ones, and where to.
   *
   * Consistent hashing by itself would compute the target from the live shards alone. With few
   * ranges that is not good enough. 64 ranges on 3 shards deviate from 21 by about 4, since each
   * range falls like a die; bounding the load (V. Mirrokni et al., "Consistent Hashing with Bounded
   * Loads", SODA 2018) repairs that, but there the bound depends on the number of shards, so one
   * shard that joins lowers it for all and pushes ranges from old shard to old shard. Each such
   * move is a hand-off: a pause of a range for nothing.
   *
   * The controller knows the present assignment, so nothing has to be computed from the live shards
   * alone.
   *
   *   1. A range whose owner is alive stays.
   *   2. The others walk the ring to the first shard below its share.
   *   3. While a shard is below its share (it has just joined), it is given ranges by the shards
   *      that are furthest above theirs: of these ranges the ones that the ring would have led to
   *      it first. A shard above its bound gives in the same way.
   *
   * Why nothing moves between old shards of equal weight: let each own either floor(s) or ceil(s)
   * of R ranges, s = R/n. When a shard joins, step 3 takes floor(R/(n+1)) ranges, always from the
   * fullest, which leaves the others at floor or ceil of R/(n+1). When one leaves, all shares grow,
   * so no survivor is above the new ones, and step 2 fills up those that are below. Both times the
   * loads are again the share rounded down or up. Between shards of unequal weight the
   * rounding differs, and a few more ranges can move.
   *
   * What the ring is for, then: it makes the choice the same in every process, it spreads the ranges
   * of a dead shard over all others, and it draws a range to the same few shards again and again.
   */
  private AssignmentPlanner() {}

  /** A plan when no shard is being drained; see {@link #plan(Collection, Set, Assignment)}. */
  public static AssignmentPlan plan(Collection<Shard> members, Assignment current) {
    return plan(members, Set.of(), current);
  }

  /**
   * A plan.
   *
   * @param members the live shards
   * @param draining the ids of the shards that are to own nothing. If that is all live shards, none
   *     of them is drained, since a range must live somewhere, and nothing moves that has a live
   *     owner
   * @param current the present assignment
   * @throws IllegalArgumentException if two members have the same id
   */
  public static AssignmentPlan plan(
      Collection<Shard> members, Set<String> draining, Assignment current) {
    List<Shard> takers = takers(members, draining);
    Assignment target =
        takers.isEmpty() ? place(members, current, false) : place(takers, current, true);
    Set<String> alive = members.stream().map(Shard::id).collect(Collectors.toSet());
    return new AssignmentPlan(target, difference(alive, draining, current, target));
  }

  /**
   * A plan that moves heavy ranges apart, for a cluster in which {@link #plan} moves nothing. It
   * leaves each shard within its share, so that {@link #plan} moves nothing afterwards either.
   *
   * @param loads how heavy each range is
   * @param tolerancePercent by how much a shard's load may exceed the average
   * @param atMost how many ranges to move at most
   * @throws IllegalArgumentException if other ranges were measured than there are
   */
  public static AssignmentPlan spread(
      Collection<Shard> members,
      Set<String> draining,
      Assignment current,
      RangeLoads loads,
      int tolerancePercent,
      int atMost) {
    if (loads.rangeCount() != current.rangeCount()) {
      throw new IllegalArgumentException(
          "loads: "
              + loads.rangeCount()
              + " ranges (expected: "
              + current.rangeCount()
              + ", as assigned)");
    }
    List<Shard> takers = takers(members, draining);
    return takers.isEmpty()
        ? new AssignmentPlan(current, List.of())
        : new Spreading(takers, current, loads).plan(tolerancePercent, atMost);
  }

  private static List<Shard> takers(Collection<Shard> members, Set<String> draining) {
    return members.stream().filter(shard -> !draining.contains(shard.id())).toList();
  }

  private static Assignment place(Collection<Shard> takers, Assignment current, boolean evenly) {
    int rangeCount = current.rangeCount();
    if (takers.isEmpty()) {
      return Assignment.empty(rangeCount);
    }
    Placement placement = new Placement(takers, rangeCount);
    List<Integer> homeless = new ArrayList<>();
    for (int range = 0; range < rangeCount; range++) {
      String owner = current.ownerOf(range);
      if (owner == null || !placement.keep(range, owner)) {
        homeless.add(range);
      }
    }
    homeless.forEach(placement::place);
    if (evenly) {
      placement.even();
    }
    return placement.toAssignment();
  }

  private static List<Move> difference(
      Set<String> alive, Set<String> draining, Assignment current, Assignment target) {
    List<Move> moves = new ArrayList<>();
    for (int range = 0; range < current.rangeCount(); range++) {
      String from = current.toList().get(range);
      String to = target.toList().get(range);
      if (!from.equals(to)) {
        moves.add(new Move(range, from, to, reason(current.ownerOf(range), alive, draining)));
      }
    }
    return moves;
  }

  private static Reason reason(@Nullable String owner, Set<String> alive, Set<String> draining) {
    if (owner == null) {
      return Reason.UNASSIGNED;
    } else if (!alive.contains(owner)) {
      return Reason.OWNER_DEAD;
    } else {
      return draining.contains(owner) ? Reason.OWNER_DRAINING : Reason.REBALANCE;
    }
  }
}
