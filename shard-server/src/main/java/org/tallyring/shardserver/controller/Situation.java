package org.tallyring.shardserver.controller;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.Drain;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.Decision;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.assignment.Shard;
import org.tallyring.topology.planning.AssignmentPlan;
import org.tallyring.topology.planning.AssignmentPlanner;

/**
 * What the controller plans from: the cluster at one moment, in the words of planning. All there is
 * to know is in what is stored, so a new controller goes on where the one before it ended.
 *
 * @param view what all else was taken from
 * @param shards the live shards
 * @param draining the ids of those that are to own nothing
 * @param current the present assignment
 * @param moving the ranges that have not arrived yet: taken before, and not served by the live
 *     shard they are assigned to
 */
record Situation(
    ClusterView view,
    List<Shard> shards,
    Set<String> draining,
    Assignment current,
    Set<Integer> moving) {

  private static final Logger log = LoggerFactory.getLogger(Situation.class);

  /** How many decisions are kept for people to read. */
  static final int KEPT_DECISIONS = 16;

  /** How many drained shards that have gone are remembered. */
  static final int KEPT_DRAINS = 32;

  static Situation of(ClusterView view) {
    List<Shard> shards = shards(view);
    Assignment current = current(view.assignment(), view.config().getRangeCount());
    return new Situation(view, shards, view.draining(), current, moving(view, current));
  }

  private static List<Shard> shards(ClusterView view) {
    List<Shard> shards = new ArrayList<>();
    for (Member member : view.members().values()) {
      try {
        // A member registered without a weight has the same share as any other.
        shards.add(new Shard(member.getId(), Math.max(1, member.getWeight()), member.getZone()));
      } catch (IllegalArgumentException e) {
        log.error("Member {} gets no ranges: {}", member.getId(), e.getMessage());
      }
    }
    return shards;
  }

  private static Assignment current(Versioned<AssignmentTarget> present, int rangeCount) {
    List<String> owners = present.value().getOwnersList();
    if (owners.size() == rangeCount) {
      return Assignment.of(owners);
    }
    if (present.version() != Versioned.ABSENT) {
      log.error(
          "The stored assignment has {} ranges and the cluster {}; it is made anew.",
          owners.size(),
          rangeCount);
    }
    return Assignment.empty(rangeCount);
  }

  private static Set<Integer> moving(ClusterView view, Assignment current) {
    Set<Integer> moving = new HashSet<>();
    for (int range = 0; range < current.rangeCount(); range++) {
      RangeRecord record = view.ranges().get(range);
      String owner = current.ownerOf(range);
      boolean taken = record.getEpoch() > 0;
      if (taken
          && owner != null
          && view.members().containsKey(owner)
          && !(record.getServing() && record.getOwner().equals(owner))) {
        moving.add(range);
      }
    }
    return moving;
  }

  /** Whether a shard that owns ranges by the assignment is not there. */
  boolean lacksAnOwner() {
    return !shards.stream()
        .map(Shard::id)
        .collect(Collectors.toSet())
        .containsAll(current.load().keySet());
  }

  /** What has to move. */
  AssignmentPlan plan() {
    return AssignmentPlanner.plan(shards, draining, current);
  }

  /**
   * The assignment with a plan's target.
   *
   * @param plan what is decided
   * @param reason why, for people
   */
  AssignmentTarget decided(AssignmentPlan plan, String reason, String decidedBy, long nowMillis) {
    AssignmentTarget present = view.assignment().value();
    List<Decision> decisions = new ArrayList<>(present.getDecisionsList());
    decisions.add(
        Decision.newBuilder()
            .setDecisionTime(ProtoTimes.timestamp(nowMillis))
            .setDecidedBy(decidedBy)
            .setReason(reason)
            .setMoves(plan.moves().size())
            .build());
    return present.toBuilder()
        .clearOwners()
        .addAllOwners(plan.target().toList())
        .setDecidedBy(decidedBy)
        .setReason(reason)
        .clearDrains()
        .addAllDrains(drains())
        .clearDecisions()
        .addAllDecisions(newest(decisions, KEPT_DECISIONS))
        .build();
  }

  /**
   * The drains that still hold. That of a process whose successor is there has ended; the others
   * hold also while the shard is away, since its session may have been lost and not itself.
   */
  private List<Drain> drains() {
    List<Drain> live = new ArrayList<>();
    List<Drain> gone = new ArrayList<>();
    for (Drain drain : view.assignment().value().getDrainsList()) {
      Member member = view.members().get(drain.getShardId());
      if (member == null) {
        gone.add(drain);
      } else if (member.getIncarnation() == drain.getIncarnation()) {
        live.add(drain);
      }
    }
    List<Drain> kept = new ArrayList<>(newest(gone, KEPT_DRAINS));
    kept.addAll(live);
    return kept;
  }

  private static <T> List<T> newest(List<T> oldestFirst, int count) {
    return oldestFirst.subList(Math.max(0, oldestFirst.size() - count), oldestFirst.size());
  }
}
