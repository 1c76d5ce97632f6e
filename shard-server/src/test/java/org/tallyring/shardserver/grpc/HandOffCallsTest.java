package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.HandOffRangeRequest;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceBlockingStub;
import org.tallyring.proto.v1.ErrorReason;

/** A range that moves between two live shards. */
final class HandOffCallsTest {

  @RegisterExtension final InProcessGrpc grpc = new InProcessGrpc();
  private final ShardCluster cluster = new ShardCluster(grpc);

  private RangeServiceBlockingStub owner() {
    return RangeServiceGrpc.newBlockingStub(cluster.channel(ShardCluster.FIRST));
  }

  private static HandOffRangeRequest request(int rangeId, long epoch, String to) {
    return HandOffRangeRequest.newBuilder().setRangeId(rangeId).setEpoch(epoch).setTo(to).build();
  }

  @Test
  void aRangeIsServedByItsNextOwnerAtTheNextEpoch() {
    cluster.assign(0, ShardCluster.SECOND);

    assertThat(cluster.connection(ShardCluster.FIRST).view().ranges().get(0).getEpoch())
        .isEqualTo(2);
    assertThat(cluster.connection(ShardCluster.FIRST).view().ranges().get(0).getOwner())
        .isEqualTo(ShardCluster.SECOND);
    assertThat(owner().handOffRange(request(0, 1, ShardCluster.SECOND)).hasIncrements()).isFalse();
  }

  @Test
  void anOwnerThatDoesNotAnswerLosesTheRangeAllTheSame() {
    cluster.unplug(ShardCluster.FIRST);
    cluster.assign(0, ShardCluster.SECOND);

    assertThat(cluster.connection(ShardCluster.FIRST).view().ranges().get(0).getOwner())
        .isEqualTo(ShardCluster.SECOND);
  }

  @Test
  void aRangeThatIsNotAssignedToTheCallerStays() {
    Throwable refused =
        catchThrowable(() -> owner().handOffRange(request(0, 1, ShardCluster.SECOND)));

    assertThat(Status.fromThrowable(refused).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(Errors.reasonOf(refused)).isEqualTo(ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF);
  }

  @Test
  void aRangeThatDoesNotExistIsRefused() {
    Throwable refused =
        catchThrowable(() -> owner().handOffRange(request(4, 1, ShardCluster.SECOND)));

    assertThat(Status.fromThrowable(refused).getCode()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(Errors.reasonOf(refused)).isEqualTo(ErrorReason.ERROR_REASON_RANGE_NOT_FOUND);
  }
}
