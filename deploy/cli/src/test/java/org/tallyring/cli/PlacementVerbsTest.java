package org.tallyring.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.proto.v1.Decision;
import org.tallyring.proto.v1.MemberState;
import org.tallyring.proto.v1.MoveReason;
import org.tallyring.proto.v1.RangeMove;
import org.tallyring.proto.v1.RebalanceResponse;
import org.tallyring.proto.v1.ShardMember;

/** The verbs about which shard has which ranges. */
final class PlacementVerbsTest {

  private static final RangeMove MOVE =
      RangeMove.newBuilder()
          .setRangeId(1)
          .setFrom("shard-2")
          .setTo("shard-1")
          .setReason(MoveReason.MOVE_REASON_OWNER_DRAINING)
          .build();

  private final FakeCluster cluster = FakeCluster.start();

  @AfterEach
  void stop() {
    cluster.close();
  }

  private Shell.Outcome run(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--server", cluster.address()));
    return new Shell().run(all.toArray(String[]::new));
  }

  @Test
  void aDrainWaitsUntilNothingNamesTheShard() {
    cluster.moveFrom("shard-2", 3);
    Shell.Outcome drain = run("drain", "shard-2");
    assertThat(drain.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(drain.out()).isEqualTo("shard-2 is empty and may be stopped\n");
    assertThat(drain.err()).isEmpty();
    assertThat(cluster.placementCalls()).containsExactly("drain shard-2");

    assertThat(run("drain", "shard-2", "--output", "tsv").out()).isEqualTo("shard-2\t2\t0\n");
    assertThat(run("drain", "shard-2", "--no-wait").out()).isEqualTo("shard-2 hands on 2 ranges\n");
    assertThat(run("drain", "shard-2", "--no-wait", "--output", "json").out())
        .isEqualTo("{\"drains\":[{\"shard\":\"shard-2\",\"handed_on\":0,\"left\":2}]}\n");
  }

  @Test
  void aDrainThatIsNotDoneInTimeFailsAndSaysWhatIsLeft() {
    cluster.moveFrom("shard-2", 1_000);
    Shell.Outcome drain = run("drain", "shard-2", "--timeout", "300ms");
    assertThat(drain.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(drain.out()).isEmpty();
    assertThat(drain.err()).contains("drain shard-2: 2 ranges left");
  }

  @Test
  void aDrainThatIsRefusedFailsWithTheReason() {
    Shell.Outcome drain = run("drain", "shard-9");
    assertThat(drain.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(drain.err()).contains("shard: shard-9 (expected: a live one, of [shard-1])");
    assertThat(run("drain").exitCode()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(run("drain", "shard-2", "--timeout", "soon").exitCode())
        .isEqualTo(ExitCode.WRONG_USAGE);
  }

  @Test
  void aDryRunShowsMovesAndAsksForNothingElse() {
    cluster.answerRebalance(
        RebalanceResponse.newBuilder().addMoves(MOVE).setRangesMoving(3).build());
    Shell.Outcome dry = run("rebalance", "--dry-run");
    assertThat(dry.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(dry.outLines())
        .containsExactly(
            "RANGE  FROM     TO       REASON", "    1  shard-2  shard-1  OWNER_DRAINING");
    assertThat(dry.err()).contains("1 ranges would move, 3 move now; loads are not known yet");
    assertThat(cluster.placementCalls()).containsExactly("rebalance dry");
  }

  @Test
  void aRebalanceIsAskedForUntilNothingMoves() {
    cluster.answerRebalance(RebalanceResponse.newBuilder().addMoves(MOVE).build());
    cluster.answerRebalance(RebalanceResponse.newBuilder().setRangesMoving(1).build());
    cluster.moveFrom("shard-2", 2);
    Shell.Outcome done = run("rebalance", "--output", "tsv");
    assertThat(done.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(done.out()).isEqualTo("1\tshard-2\tshard-1\tOWNER_DRAINING\n");
    assertThat(done.err()).contains("1 ranges moved; nothing is left to gain");
    assertThat(cluster.placementCalls()).containsExactly("rebalance", "rebalance", "rebalance");
  }

  @Test
  void decisionsAreShownAndNothingElseIsDone() {
    cluster.answerRebalance(
        RebalanceResponse.newBuilder()
            .addDecisions(
                Decision.newBuilder()
                    .setDecisionTime(Timestamp.newBuilder().setSeconds(1_000_000_000))
                    .setDecidedBy("shard-1")
                    .setMoves(4)
                    .setReason("4 of 64 ranges move: 4 (to even out the load)"))
            .build());
    assertThat(run("rebalance", "--history", "--output", "tsv").out())
        .isEqualTo(
            "2001-09-09T01:46:40Z\tshard-1\t4\t4 of 64 ranges move: 4 (to even out the load)\n");
    assertThat(cluster.placementCalls()).containsExactly("rebalance dry");
    assertThat(run("rebalance", "--history", "--dry-run").exitCode())
        .isEqualTo(ExitCode.WRONG_USAGE);
  }

  @Test
  void shardsThatAreGoneAreListedWithWhatBecameOfThem() {
    cluster.lose(
        ShardMember.newBuilder().setId("shard-2").setState(MemberState.MEMBER_STATE_LEFT).build());
    assertThat(run("shards").outLines()).last().asString().startsWith("shard-2").endsWith("LEFT");
  }
}
