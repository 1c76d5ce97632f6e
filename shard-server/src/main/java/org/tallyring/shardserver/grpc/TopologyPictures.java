package org.tallyring.shardserver.grpc;

import org.tallyring.proto.internal.v1.RangeRecord;
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
    view.members()
        .values()
        .forEach(
            member ->
                picture.addShards(
                    ShardMember.newBuilder()
                        .setId(member.getId())
                        .setAddress(member.getAddress())
                        .setWeight(member.getWeight())
                        .setZone(member.getZone())));
    for (int rangeId = 0; rangeId < view.config().getRangeCount(); rangeId++) {
      RangeRecord record = view.ranges().get(rangeId);
      picture.addRanges(
          RangeOwnership.newBuilder()
              .setRangeId(rangeId)
              .setOwner(record.getOwner())
              .setEpoch(record.getEpoch())
              .setAssigned(assigned(view, rangeId))
              .setServing(record.getServing() && view.members().containsKey(record.getOwner())));
    }
    return picture.build();
  }

  private static String assigned(ClusterView view, int rangeId) {
    return rangeId < view.assignment().value().getOwnersCount()
        ? view.assignment().value().getOwners(rangeId)
        : "";
  }
}
