package org.tallyring.shardserver.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.Drain;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.InMemoryCluster;
import org.tallyring.shardserver.coordination.InMemoryCoordination;
import org.tallyring.shardserver.coordination.SessionState;
import org.tallyring.topology.assignment.MemberState;

/** What a shard's registration says while the cluster around it changes. */
final class MemberLifeTest {

  private static final Member SHARD =
      Member.newBuilder().setId("shard-1").setIncarnation(5).build();

  private final InMemoryCluster cluster = new InMemoryCluster();
  private final InMemoryCoordination coordination = cluster.connect(2, Runnable::run);
  private final MemberLife life = new MemberLife(coordination, SHARD);

  private ClusterView view() {
    return coordination.view();
  }

  private String said() {
    Member member = view().members().get("shard-1");
    return member == null ? "nothing" : member.getState().name();
  }

  private void assign(long drainedIncarnation) {
    cluster.assign(
        AssignmentTarget.newBuilder()
            .addAllOwners(List.of("shard-1", "shard-2"))
            .addDrains(Drain.newBuilder().setShardId("shard-1").setIncarnation(drainedIncarnation))
            .build());
  }

  private void serve() {
    cluster
        .ranges()
        .tamper(
            0,
            before -> before.toBuilder().setEpoch(1).setOwner("shard-1").setServing(true).build());
  }

  @Test
  void aShardIsActiveWhenItServesItsShareAndDrainsWhenItIsWished() {
    life.join();
    life.look(view());
    assertThat(said()).isEqualTo("MEMBER_STATE_JOINING");
    assign(4);
    life.look(view());
    assertThat(said())
        .as("assigned, not served; an earlier process drained")
        .isEqualTo("MEMBER_STATE_JOINING");
    serve();
    life.look(view());
    assertThat(said()).isEqualTo("MEMBER_STATE_ACTIVE");

    assign(5);
    life.look(view());
    assertThat(said()).isEqualTo("MEMBER_STATE_DRAINING");
    life.look(view());
    life.leave();
    assertThat(said()).isEqualTo("nothing");
    assertThat(life.state()).isEqualTo(MemberState.LEFT);
    life.look(view());
    assertThat(life.state()).isEqualTo(MemberState.LEFT);
  }

  @Test
  void aShardWhoseSessionEndedJoinsAnew() {
    assign(4);
    serve();
    life.join();
    life.look(view());
    life.onSession(SessionState.SUSPENDED);
    life.onSession(SessionState.CONNECTED);
    assertThat(life.state()).isEqualTo(MemberState.ACTIVE);

    life.onSession(SessionState.LOST);
    life.look(view());
    assertThat(life.state()).isEqualTo(MemberState.DEAD);
    life.onSession(SessionState.CONNECTED);
    assertThat(said()).isEqualTo("MEMBER_STATE_JOINING");
    life.look(view());
    assertThat(said()).isEqualTo("MEMBER_STATE_ACTIVE");
    life.onSession(SessionState.LOST);
    life.leave();
    assertThat(life.state()).as("it went without a word").isEqualTo(MemberState.DEAD);
  }
}
