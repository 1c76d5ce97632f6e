package org.tallyring.shardserver.controller;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.Drain;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.shardserver.controller.Rebalancer.Rebalancing;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.InMemoryCluster;
import org.tallyring.shardserver.coordination.InMemoryCoordination;
import org.tallyring.shardserver.coordination.Mishap;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.planning.RangeLoads;
import org.tallyring.topology.planning.Reason;

/** The controller on the twin of the coordination, on one thread and in a time of its own. */
final class ControllerTest {

  private static final int RANGES = 64;
  private static final Duration GRACE = Duration.ofSeconds(3);
  private static final Duration MOMENT = Duration.ofMillis(1);
  private static final Instant DECIDED_AT = Instant.ofEpochSecond(1_000_000_000);

  private final ManualTime time = new ManualTime();
  private final InMemoryCluster cluster = new InMemoryCluster();
  private long incarnations;
  private int movesAtOnce = RANGES;
  private Optional<RangeLoads> loads = Optional.empty();

  /** A shard's process, with a controller or without. */
  private final class Process {
    final String id;
    final InMemoryCoordination coordination = cluster.connect(RANGES, time);
    final int weight;

    Process(String id, int weight) {
      this.id = id;
      this.weight = weight;
    }

    Process join() {
      coordination
          .membership()
          .join(
              Member.newBuilder()
                  .setId(id)
                  .setWeight(weight)
                  .setIncarnation(++incarnations)
                  .build());
      return this;
    }

    Controller control(int expectedMembers) {
      Controller controller = controller(id, coordination, expectedMembers);
      controller.start();
      return controller;
    }
  }

  private Controller controller(String id, InMemoryCoordination coordination, int expectedMembers) {
    return new Controller(
        id,
        coordination,
        new ControllerSettings(GRACE, expectedMembers, movesAtOnce),
        () -> CompletableFuture.completedFuture(loads),
        () -> DECIDED_AT,
        time);
  }

  private Process shard(String id) {
    return new Process(id, 1).join();
  }

  /** Three shards that have what is theirs, the first of them leading, its grace over. */
  private List<Process> threeShardsAtRest() {
    List<Process> shards = List.of(shard("shard-1"), shard("shard-2"), shard("shard-3"));
    shards.forEach(shard -> shard.control(3));
    time.advance(GRACE);
    assertThat(version()).isZero();
    return shards;
  }

  private int version() {
    return cluster.assignment().version();
  }

  private List<String> owners() {
    return cluster.assignment().value().getOwnersList();
  }

  private Map<String, Integer> load() {
    return Assignment.of(owners()).load();
  }

  /** Which ranges have another owner than before, by their new owners. */
  private Map<Integer, String> moved(List<String> before) {
    Map<Integer, String> moved = new TreeMap<>();
    for (int range = 0; range < RANGES; range++) {
      if (!owners().get(range).equals(before.get(range))) {
        moved.put(range, owners().get(range));
      }
    }
    return moved;
  }

  private static AssignmentTarget allTo(String owner) {
    return AssignmentTarget.newBuilder()
        .addAllOwners(Collections.nCopies(RANGES, owner))
        .setDecidedBy("test")
        .build();
  }

  @Test
  void aNewClusterIsAssignedAsSoonAsTheExpectedShardsAreThere() {
    shard("shard-1").control(3);
    shard("shard-2");
    time.advance(GRACE.minus(MOMENT));
    assertThat(version()).isEqualTo(Versioned.ABSENT);

    shard("shard-3");
    time.settle();
    assertThat(version()).isZero();
    assertThat(load()).hasSize(3).allSatisfy((shard, ranges) -> assertThat(ranges).isIn(21, 22));
    time.advance(GRACE.multipliedBy(2));
    assertThat(version()).isZero();
  }

  @Test
  void aNewClusterThatStaysSmallIsAssignedAfterTheGrace() {
    shard("shard-1").control(3);
    shard("shard-2");
    time.advance(GRACE.minus(MOMENT));
    assertThat(version()).isEqualTo(Versioned.ABSENT);

    time.advance(MOMENT);
    assertThat(load()).containsOnly(Map.entry("shard-1", 32), Map.entry("shard-2", 32));
  }

  @Test
  void anAssignmentNamesWhoMadeItAndWhy() {
    shard("shard-1").control(1);
    time.settle();

    assertThat(cluster.assignment().value().getDecidedBy()).isEqualTo("shard-1");
    assertThat(cluster.assignment().value().getReason())
        .isEqualTo("64 of 64 ranges move: 64 (it had no owner)");
  }

  @Test
  void anOwnerThatComesBackWithinTheGraceKeepsItsRanges() {
    cluster.assign(allTo("shard-2"));
    shard("shard-1").control(1);
    time.advance(GRACE.minus(MOMENT));
    assertThat(owners()).containsOnly("shard-2");

    shard("shard-2");
    time.settle();
    assertThat(load()).containsOnly(Map.entry("shard-1", 32), Map.entry("shard-2", 32));
  }

  @Test
  void anOwnerThatStaysAwayLosesItsRangesAfterTheGrace() {
    cluster.assign(allTo("shard-2"));
    shard("shard-1").control(1);
    time.advance(GRACE.minus(MOMENT));
    assertThat(owners()).containsOnly("shard-2");

    time.advance(MOMENT);
    assertThat(owners()).containsOnly("shard-1");
  }

  @Test
  void aDeadShardIsEvictedAtOnceAndInOnePass() {
    List<Process> shards = threeShardsAtRest();
    List<String> before = owners();
    shards.get(2).coordination.expire();
    time.settle();

    assertThat(version()).isEqualTo(1);
    assertThat(load()).containsOnly(Map.entry("shard-1", 32), Map.entry("shard-2", 32));
    assertThat(moved(before).keySet()).allMatch(range -> before.get(range).equals("shard-3"));
  }

  @Test
  void twoShardsThatDieTogetherAreEvictedInOnePass() {
    List<Process> shards = threeShardsAtRest();
    shards.get(1).coordination.expire();
    shards.get(2).coordination.expire();
    time.settle();

    assertThat(version()).isEqualTo(1);
    assertThat(owners()).containsOnly("shard-1");
  }

  @Test
  void aShardThatRestartsBeforeItsSessionEndsMovesNothing() {
    List<Process> shards = threeShardsAtRest();
    shards.get(2).coordination.suspend();
    shard("shard-3");
    time.advance(GRACE);

    assertThat(version()).isZero();
  }

  @Test
  void aShardThatJoinsTakesItsShareAndNothingElseMoves() {
    threeShardsAtRest();
    List<String> before = owners();
    shard("shard-4");
    time.settle();

    assertThat(version()).isEqualTo(1);
    assertThat(moved(before)).hasSize(RANGES / 4).containsValue("shard-4");
    assertThat(moved(before).values()).containsOnly("shard-4");
  }

  @Test
  void sharesFollowWeights() {
    new Process("shard-1", 2).join().control(3);
    new Process("shard-2", 1).join();
    new Process("shard-3", 0).join();
    time.settle();

    assertThat(load())
        .containsOnly(Map.entry("shard-1", 32), Map.entry("shard-2", 16), Map.entry("shard-3", 16));
  }

  @Test
  void aMemberWithAnImpossibleWeightGetsNothingAndTheOthersAreServed() {
    shard("shard-1").control(1);
    new Process("shard-2", 101).join();
    time.settle();

    assertThat(owners()).containsOnly("shard-1");
  }

  @Test
  void withoutShardsTheAssignmentStays() {
    Process shard = shard("shard-1");
    shard.control(1);
    time.settle();
    shard.coordination.membership().leave();
    time.advance(GRACE.multipliedBy(2));

    assertThat(owners()).containsOnly("shard-1");
    assertThat(version()).isZero();
  }

  @Test
  void anAssignmentOfAnotherNumberOfRangesIsMadeAnew() {
    cluster.assign(AssignmentTarget.newBuilder().addOwners("shard-1").addOwners("gone").build());
    shard("shard-1").control(1);
    time.settle();

    assertThat(owners()).hasSize(RANGES).containsOnly("shard-1");
  }

  @Test
  void whoIsOutOfTouchDecidesNothing() {
    List<Process> shards = threeShardsAtRest();
    InMemoryCoordination leader = shards.get(0).coordination;
    cluster.electEverybody();
    shards.get(1).coordination.suspend();
    leader.suspend();
    shards.get(2).coordination.close();
    time.advance(GRACE.multipliedBy(2));
    assertThat(version()).isZero();

    leader.resume();
    time.settle();
    assertThat(version()).isEqualTo(1);
    assertThat(load()).containsOnlyKeys("shard-1", "shard-2");
  }

  @Test
  void afterALostSessionTheGraceBeginsAgain() {
    List<Process> shards = threeShardsAtRest();
    // All are cut off and lose their sessions; the first comes back first.
    shards.forEach(shard -> shard.coordination.suspend());
    shards.forEach(shard -> shard.coordination.expire());
    time.advance(GRACE);
    shards.get(0).coordination.resume();
    time.advance(GRACE.minus(MOMENT));
    assertThat(version()).isZero();
    shards.get(1).coordination.resume();
    time.advance(MOMENT);

    assertThat(version()).isEqualTo(1);
    assertThat(load()).containsOnlyKeys("shard-1", "shard-2");
  }

  @Test
  void whenAllComeBackWithinTheGraceNothingMoves() {
    List<Process> shards = threeShardsAtRest();
    shards.forEach(shard -> shard.coordination.expire());
    time.settle();
    for (Process shard : shards) {
      shard.coordination.resume();
      time.advance(GRACE.dividedBy(4));
    }
    time.advance(GRACE);

    assertThat(version()).isZero();
  }

  @Test
  void theNextControllerEvictsTheOneBefore() {
    List<Process> shards = threeShardsAtRest();
    shards.get(0).coordination.expire();
    time.settle();

    assertThat(version()).isEqualTo(1);
    assertThat(cluster.assignment().value().getDecidedBy()).isEqualTo("shard-2");
    assertThat(load()).containsOnlyKeys("shard-2", "shard-3");
  }

  @Test
  void twoControllersThatBothBelieveToLeadDoNoHarm() {
    cluster.electEverybody();
    List<Process> shards = threeShardsAtRest();
    List<String> before = owners();
    shards.get(2).coordination.expire();
    time.settle();

    assertThat(version()).isEqualTo(1);
    assertThat(load()).containsOnly(Map.entry("shard-1", 32), Map.entry("shard-2", 32));
    assertThat(moved(before).keySet()).allMatch(range -> before.get(range).equals("shard-3"));
  }

  @Test
  void aConflictLeadsToANewRoundOnWhatIsStored() {
    List<Process> shards = threeShardsAtRest();
    InMemoryCoordination leader = shards.get(0).coordination;
    cluster.happensBeforeNextAssignment(
        () -> {
          // Its view does not show the other's assignment, so that only a read can.
          leader.holdViews();
          cluster.assign(allTo("shard-2"));
        });
    shards.get(2).coordination.expire();
    time.settle();

    // The other's version 1 gave everything to the second shard, of which half came back.
    assertThat(version()).isEqualTo(2);
    assertThat(cluster.assignment().value().getReason())
        .isEqualTo("32 of 64 ranges move: 32 (to even out the load)");
    leader.releaseViews();
    time.settle();
    assertThat(version()).isEqualTo(2);
  }

  @Test
  void anUnclearAnswerIsSettledByReading() {
    for (Mishap mishap : Mishap.values()) {
      InMemoryCluster fresh = new InMemoryCluster();
      InMemoryCoordination coordination = fresh.connect(RANGES, time);
      coordination
          .membership()
          .join(Member.newBuilder().setId("shard-1").setIncarnation(1).build());
      controller("shard-1", coordination, 1).start();
      fresh.nextAssignmentGoesWrong(mishap);
      time.settle();

      assertThat(fresh.assignment().version()).as(mishap.name()).isZero();
      assertThat(fresh.assignment().value().getOwnersList())
          .as(mishap.name())
          .hasSize(RANGES)
          .containsOnly("shard-1");
    }
  }

  @Test
  void aReadThatFailsIsRepeatedUntilItSucceeds() {
    List<Process> shards = threeShardsAtRest();
    InMemoryCoordination leader = shards.get(0).coordination;
    cluster.electEverybody();
    List.of(shards.get(1), shards.get(2)).forEach(shard -> shard.coordination.close());
    // The leader is cut off between its decision and the answer.
    cluster.happensBeforeNextAssignment(leader::suspend);
    cluster.nextAssignmentGoesWrong(Mishap.NEITHER_APPLIED_NOR_ANSWERED);
    time.advance(Duration.ofSeconds(5));
    assertThat(version()).isZero();

    leader.resume();
    time.advance(Duration.ofSeconds(1));
    assertThat(version()).isEqualTo(1);
    assertThat(owners()).containsOnly("shard-1");
  }

  @Test
  void whoHasResignedDecidesNothing() {
    Process shard = shard("shard-1");
    Controller controller = shard.control(1);
    Process other = shard("shard-2");
    time.advance(GRACE);
    int before = version();
    controller.close();
    other.coordination.expire();
    time.advance(GRACE.multipliedBy(2));
    assertThat(version()).isEqualTo(before);

    Process next = shard("shard-3");
    next.control(1);
    time.advance(GRACE.multipliedBy(2));
    assertThat(version()).as("its candidacy lives as long as its session").isEqualTo(before);
    shard.coordination.close();
    time.settle();
    assertThat(owners()).containsOnly("shard-3");
  }

  @Test
  void whateverHappensTheLiveShardsEndUpWithFairShares() {
    for (long seed = 0; seed < 40; seed++) {
      Random random = new Random(seed);
      ControllerTest world = new ControllerTest();
      List<Process> shards = new ArrayList<>();
      for (int step = 0; step < 60; step++) {
        world.step(random, shards, step);
        world.time.advance(Duration.ofMillis(random.nextInt(1500)));
      }
      if (shards.isEmpty()) {
        shards.add(world.started("shard-last"));
      }
      shards.forEach(shard -> shard.coordination.resume());
      world.time.advance(GRACE.multipliedBy(2));

      int most = (RANGES * 11 + shards.size() * 10 - 1) / (shards.size() * 10);
      assertThat(world.load().keySet())
          .as("seed %d", seed)
          .isEqualTo(Set.copyOf(shards.stream().map(shard -> shard.id).toList()));
      assertThat(world.load().values())
          .as("seed %d", seed)
          .allSatisfy(ranges -> assertThat(ranges).isBetween(RANGES / shards.size(), most));
      assertThat(world.owners()).as("seed %d", seed).doesNotContain("");
    }
  }

  /** So many ranges are served by the shards that they are assigned to; those in first. */
  private void arrive(int atMost) {
    int left = atMost;
    for (int range = 0; range < RANGES; range++) {
      String owner = owners().get(range);
      RangeRecord record = cluster.ranges().record(range);
      if (left > 0 && !(record.getOwner().equals(owner) && record.getServing())) {
        cluster
            .ranges()
            .tamper(
                range,
                before ->
                    before.toBuilder()
                        .setEpoch(before.getEpoch() + 1)
                        .setOwner(owner)
                        .setServing(true)
                        .build());
        left--;
      }
    }
    time.settle();
  }

  /** Three shards that serve what is theirs, of which so many ranges may move at once. */
  private List<Process> threeShardsServing(int atOnce) {
    movesAtOnce = atOnce;
    List<Process> shards = threeShardsAtRest();
    arrive(RANGES);
    return shards;
  }

  private void drain(Process asked, String shard) {
    CompletableFuture<Integer> wish = new Drains(asked.coordination).add(shard);
    time.settle();
    assertThat(wish).isCompleted();
  }

  @Test
  void onlySoManyRangesAreOnTheMoveBetweenLiveShards() {
    threeShardsServing(4);
    List<String> before = owners();
    shard("shard-4");
    time.settle();
    assertThat(moved(before)).hasSize(4);
    assertThat(cluster.assignment().value().getReason())
        .isEqualTo("4 of 64 ranges move: 4 (to even out the load); 12 more will follow");

    arrive(3);
    assertThat(moved(before)).hasSize(7);
    time.advance(GRACE);
    assertThat(moved(before)).as("nothing arrives, nothing moves").hasSize(7);
    while (moved(before).size() < RANGES / 4) {
      arrive(2);
    }
    arrive(RANGES);
    assertThat(moved(before)).hasSize(RANGES / 4);
    assertThat(moved(before).values()).containsOnly("shard-4");
  }

  @Test
  void aDeadShardIsEvictedAtOnceWhateverIsOnTheMove() {
    List<Process> shards = threeShardsServing(2);
    shard("shard-4");
    time.settle();
    shards.get(2).coordination.expire();
    time.settle();

    assertThat(owners()).doesNotContain("shard-3");
  }

  @Test
  void aDrainedShardHandsAllItsRangesOnAndIsGivenNone() {
    List<Process> shards = threeShardsServing(8);
    List<String> before = owners();
    drain(shards.get(2), "shard-2");
    assertThat(moved(before)).hasSize(8);
    while (load().containsKey("shard-2")) {
      arrive(5);
    }
    arrive(RANGES);

    assertThat(load()).containsOnly(Map.entry("shard-1", 32), Map.entry("shard-3", 32));
    assertThat(moved(before).keySet()).allMatch(range -> before.get(range).equals("shard-2"));
    assertThat(view().rangesNaming("shard-2")).isZero();
    shards.get(0).coordination.expire();
    time.settle();
    assertThat(owners()).as("not even those of a dead shard").containsOnly("shard-3");
  }

  private ClusterView view() {
    return cluster.connect(RANGES, time).view();
  }

  @Test
  void aControllerThatDiesInTheMiddleOfADrainIsReplacedByOneThatGoesOn() {
    List<Process> shards = threeShardsServing(4);
    Process fourth = shard("shard-4");
    while (view().rangesNaming("shard-4") < RANGES / 4) {
      arrive(RANGES);
    }
    fourth.control(3);
    time.advance(GRACE);
    drain(shards.get(1), "shard-2");
    arrive(3);
    List<String> before = owners();
    shards.get(0).coordination.expire();
    time.settle();
    assertThat(cluster.assignment().value().getDecidedBy()).isEqualTo("shard-2");
    while (load().containsKey("shard-2")) {
      arrive(4);
    }

    assertThat(load()).containsOnly(Map.entry("shard-3", 32), Map.entry("shard-4", 32));
    assertThat(moved(before).keySet())
        .allMatch(range -> Set.of("shard-1", "shard-2").contains(before.get(range)));
  }

  @Test
  void aDrainedShardThatIsStartedAgainGetsItsShareBack() {
    List<Process> shards = threeShardsServing(8);
    drain(shards.get(0), "shard-2");
    while (load().containsKey("shard-2")) {
      arrive(8);
    }
    shards.get(1).coordination.close();
    time.advance(GRACE);
    assertThat(load()).doesNotContainKey("shard-2");

    shard("shard-2");
    for (int i = 0; i < 4; i++) {
      arrive(RANGES);
    }
    assertThat(load()).hasSize(3).containsEntry("shard-2", 21);
    assertThat(cluster.assignment().value().getDrainsList()).isEmpty();
  }

  @Test
  void aDrainOutlivesALostSessionOfTheDrainedShard() {
    List<Process> shards = threeShardsServing(8);
    drain(shards.get(0), "shard-2");
    shards.get(1).coordination.expire();
    time.settle();
    assertThat(load()).doesNotContainKey("shard-2");
    shards.get(1).coordination.resume();
    arrive(RANGES);
    time.advance(GRACE);

    assertThat(load()).doesNotContainKey("shard-2");
  }

  @Test
  void shardsThatWereDrainedAndNeverCameBackAreForgottenInTheEnd() {
    threeShardsServing(RANGES);
    for (int i = 0; i < Situation.KEPT_DRAINS + 8; i++) {
      Process visitor = shard("visitor-" + i);
      time.settle();
      arrive(RANGES);
      drain(visitor, visitor.id);
      arrive(RANGES);
      visitor.coordination.close();
      time.settle();
    }
    shard("shard-4");
    time.settle();
    assertThat(cluster.assignment().value().getDrainsList())
        .hasSize(Situation.KEPT_DRAINS)
        .extracting(Drain::getShardId)
        .contains("visitor-39")
        .doesNotContain("visitor-0");
    assertThat(cluster.assignment().value().getDecisionsList()).hasSize(Situation.KEPT_DECISIONS);
  }

  @Test
  void whenTheLastOthersAreDrainedTooNothingMovesBack() {
    List<Process> shards = threeShardsServing(8);
    drain(shards.get(0), "shard-1");
    drain(shards.get(0), "shard-2");
    List<String> before = owners();
    // What everybody does who is told to stop at the same time: the wish of the last is refused,
    // but it may die.
    shards.get(2).coordination.close();
    arrive(RANGES);
    time.advance(GRACE);

    assertThat(owners()).doesNotContain("shard-3");
    assertThat(moved(before).keySet()).allMatch(range -> before.get(range).equals("shard-3"));
  }

  /** The ranges of one shard have all the traffic. */
  private void heat(String shard) {
    long[] rates = new long[RANGES];
    for (int range = 0; range < RANGES; range++) {
      rates[range] = owners().get(range).equals(shard) ? 10_000 : 100;
    }
    loads = Optional.of(RangeLoads.of(rates, new long[RANGES]));
  }

  @Test
  void heavyRangesAreMovedApartAtRestAFewAtATime() {
    threeShardsServing(4);
    heat("shard-1");
    List<String> before = owners();
    time.advance(Duration.ofSeconds(11));
    assertThat(moved(before)).hasSize(4);
    assertThat(cluster.assignment().value().getReason())
        .isEqualTo("4 of 64 ranges move: 4 (to move heavy ranges apart)");
    time.advance(Duration.ofSeconds(60));
    assertThat(moved(before)).as("while they are on the way").hasSize(4);
    assertThat(load().values()).allSatisfy(ranges -> assertThat(ranges).isIn(21, 22));
  }

  @Test
  void withoutKnownLoadsOrWithEvenOnesNothingMoves() {
    threeShardsServing(4);
    int before = version();
    time.advance(Duration.ofSeconds(30));
    assertThat(version()).isEqualTo(before);
    long[] rates = new long[RANGES];
    Arrays.fill(rates, 10_000);
    loads = Optional.of(RangeLoads.of(rates, new long[RANGES]));
    time.advance(Duration.ofSeconds(30));
    assertThat(version()).isEqualTo(before);
  }

  private Rebalancing rebalance(Controller controller, boolean dryRun) {
    CompletableFuture<Rebalancing> answer = controller.rebalance(dryRun);
    time.settle();
    return answer.join();
  }

  @Test
  void aDryRunShowsMovesAndChangesNothing() {
    movesAtOnce = 4;
    Controller controller = shard("shard-1").control(1);
    shard("shard-2");
    time.advance(GRACE);
    arrive(RANGES);
    heat("shard-1");
    int before = version();

    Rebalancing dry = rebalance(controller, true);
    assertThat(dry.plan().moves()).hasSize(4).allMatch(move -> move.reason() == Reason.HEAVY);
    assertThat(dry.loadsKnown()).isTrue();
    assertThat(dry.moving()).isZero();
    assertThat(dry.decisions())
        .last()
        .satisfies(
            decision -> {
              assertThat(decision.getDecidedBy()).isEqualTo("shard-1");
              assertThat(decision.getDecisionTime().getSeconds())
                  .isEqualTo(DECIDED_AT.getEpochSecond());
            });
    assertThat(version()).isEqualTo(before);

    Rebalancing done = rebalance(controller, false);
    assertThat(done.plan()).isEqualTo(dry.plan());
    assertThat(version()).isEqualTo(before + 1);
    Rebalancing next = rebalance(controller, false);
    assertThat(next.plan().moves()).isEmpty();
    assertThat(next.moving()).isEqualTo(4);
    assertThat(next.loadsKnown()).isFalse();
  }

  @Test
  void whoDoesNotLeadRefusesToRebalance() {
    Process first = shard("shard-1");
    first.control(1);
    Controller second = shard("shard-2").control(1);
    time.advance(GRACE);
    CompletableFuture<Rebalancing> answer = second.rebalance(false);
    time.settle();

    assertThat(answer).isCompletedExceptionally();
    assertThat(answer.handle((done, failure) -> Errors.reasonOf(failure)))
        .isCompletedWithValue(ErrorReason.ERROR_REASON_NOT_READY);
  }

  private Process started(String id) {
    Process shard = shard(id);
    shard.control(3);
    return shard;
  }

  private void step(Random random, List<Process> shards, int step) {
    if (shards.size() < 2) {
      shards.add(started("shard-" + step));
      return;
    }
    int chosen = random.nextInt(shards.size());
    InMemoryCoordination coordination = shards.get(chosen).coordination;
    switch (random.nextInt(7)) {
      case 0 -> shards.add(started("shard-" + step));
      case 1 -> shards.remove(chosen).coordination.close();
      case 2 -> coordination.suspend();
      case 3 -> coordination.expire();
      case 4 -> coordination.resume();
      case 5 -> cluster.nextAssignmentGoesWrong(Mishap.values()[random.nextInt(3)]);
      default -> cluster.happensBeforeNextAssignment(() -> cluster.assign(allTo("shard-0")));
    }
  }
}
