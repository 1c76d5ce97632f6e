package org.tallyring.shardserver.grpc;

import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.tallyring.proto.internal.v1.Drain;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.v1.MemberState;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.Topology;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.SessionState;

/** Turns what the coordination service holds into what clients are told. */
final class TopologyPictures {

  private TopologyPictures() {}

  static Topology of(String cluster, ClusterView view, SessionState session) {
    Topology.Builder picture =
        Topology.newBuilder()
            .setCluster(cluster)
            .setRangeCount(view.config().getRangeCount())
            .setHashName(view.config().getHashName())
            .setController(view.controller())
            .setOutOfTouch(session != SessionState.CONNECTED);
    Set<String> draining = view.draining();
    for (Member member : view.members().values()) {
      picture.addShards(
          ShardMember.newBuilder()
              .setId(member.getId())
              .setAddress(member.getAddress())
              .setWeight(member.getWeight())
              .setZone(member.getZone())
              .setState(state(member, draining)));
    }
    gone(view).forEach((id, state) -> picture.addGoneShards(gone(id, state)));
    for (int rangeId = 0; rangeId < view.config().getRangeCount(); rangeId++) {
      RangeRecord record = view.ranges().get(rangeId);
      picture.addRanges(
          RangeOwnership.newBuilder()
              .setRangeId(rangeId)
              .setOwner(record.getOwner())
              .setEpoch(record.getEpoch())
              .setAssigned(view.assigned(rangeId))
              .setServing(record.getServing() && view.members().containsKey(record.getOwner())));
    }
    return picture.build();
  }

  /** The wish is known before the shard says that it follows it. */
  private static MemberState state(Member member, Set<String> draining) {
    if (draining.contains(member.getId())) {
      return MemberState.MEMBER_STATE_DRAINING;
    }
    return member.getState() == MemberState.MEMBER_STATE_UNSPECIFIED
        ? MemberState.MEMBER_STATE_ACTIVE
        : member.getState();
  }

  /** What is named somewhere and is not live: with ranges in its name it is dead, else it left. */
  private static SortedMap<String, MemberState> gone(ClusterView view) {
    SortedMap<String, MemberState> gone = new TreeMap<>();
    for (Drain drain : view.assignment().value().getDrainsList()) {
      gone.put(drain.getShardId(), MemberState.MEMBER_STATE_LEFT);
    }
    for (int rangeId = 0; rangeId < view.config().getRangeCount(); rangeId++) {
      gone.put(view.assigned(rangeId), MemberState.MEMBER_STATE_DEAD);
      gone.put(view.ranges().get(rangeId).getOwner(), MemberState.MEMBER_STATE_DEAD);
    }
    gone.remove("");
    gone.keySet().removeAll(view.members().keySet());
    return gone;
  }

  private static ShardMember gone(String id, MemberState state) {
    return ShardMember.newBuilder().setId(id).setState(state).build();
  }
}
