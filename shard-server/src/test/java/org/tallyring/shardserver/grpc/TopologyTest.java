package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.tallyring.shardserver.grpc.ShardCluster.FIRST;
import static org.tallyring.shardserver.grpc.ShardCluster.SECOND;
import static org.tallyring.shardserver.grpc.ShardCluster.UNOWNED;

import io.grpc.internal.testing.StreamRecorder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.Drain;
import org.tallyring.proto.v1.GetTopologyRequest;
import org.tallyring.proto.v1.MemberState;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.Topology;
import org.tallyring.proto.v1.TopologyServiceGrpc;
import org.tallyring.proto.v1.WatchTopologyRequest;
import org.tallyring.proto.v1.WatchTopologyResponse;

final class TopologyTest {

  @RegisterExtension final InProcessGrpc grpc = new InProcessGrpc();

  private ShardCluster cluster;
  private final StreamRecorder<WatchTopologyResponse> pictures = StreamRecorder.create();

  @BeforeEach
  void startCluster() {
    cluster = new ShardCluster(grpc);
  }

  /** A watcher that takes one picture and then as many as it asks for. */
  private final class SlowWatcher
      implements ClientResponseObserver<WatchTopologyRequest, WatchTopologyResponse> {
    private @Nullable ClientCallStreamObserver<WatchTopologyRequest> call;

    void request(int count) {
      Objects.requireNonNull(call).request(count);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchTopologyRequest> starting) {
      call = starting;
      starting.disableAutoRequestWithInitial(1);
    }

    @Override
    public void onNext(WatchTopologyResponse picture) {
      pictures.onNext(picture);
    }

    @Override
    public void onError(Throwable failure) {
      pictures.onError(failure);
    }

    @Override
    public void onCompleted() {
      pictures.onCompleted();
    }
  }

  private void watch() {
    TopologyServiceGrpc.newStub(cluster.channel(FIRST))
        .watchTopology(WatchTopologyRequest.getDefaultInstance(), pictures);
  }

  @Test
  void aPictureIsComplete() {
    cluster.elect(SECOND);
    Topology picture =
        TopologyServiceGrpc.newBlockingStub(cluster.channel(FIRST))
            .getTopology(GetTopologyRequest.getDefaultInstance())
            .getTopology();

    assertThat(picture.getCluster()).isEqualTo("test");
    assertThat(picture.getHashName()).isEqualTo("xxh3-64");
    assertThat(picture.getRangeCount()).isEqualTo(4);
    assertThat(picture.getController()).isEqualTo(SECOND);
    assertThat(picture.getShardsList())
        .extracting(ShardMember::getId, ShardMember::getAddress)
        .containsExactly(
            tuple(FIRST, cluster.address(FIRST)), tuple(SECOND, cluster.address(SECOND)));
    assertThat(picture.getRanges(2))
        .isEqualTo(
            RangeOwnership.newBuilder()
                .setRangeId(2)
                .setOwner(SECOND)
                .setAssigned(SECOND)
                .setEpoch(1)
                .setServing(true)
                .build());
    assertThat(picture.getRanges(UNOWNED))
        .isEqualTo(RangeOwnership.newBuilder().setRangeId(UNOWNED).build());
  }

  private Topology picture() {
    return TopologyServiceGrpc.newBlockingStub(cluster.channel(FIRST))
        .getTopology(GetTopologyRequest.getDefaultInstance())
        .getTopology();
  }

  @Test
  void aPictureSaysHowShardsStandAndWhichAreGone() {
    assertThat(picture().getShardsList())
        .extracting(ShardMember::getState)
        .containsOnly(MemberState.MEMBER_STATE_ACTIVE);
    AssignmentTarget before = cluster.coordination.assignment().value();
    cluster.coordination.assign(
        before.toBuilder()
            .addDrains(Drain.newBuilder().setShardId(SECOND).setIncarnation(SECOND.hashCode()))
            .addDrains(Drain.newBuilder().setShardId("shard-9").setIncarnation(9))
            .build());
    cluster.tell();
    assertThat(picture().getShards(1).getState()).isEqualTo(MemberState.MEMBER_STATE_DRAINING);
    assertThat(picture().getGoneShardsList())
        .containsExactly(
            ShardMember.newBuilder()
                .setId("shard-9")
                .setState(MemberState.MEMBER_STATE_LEFT)
                .build());

    cluster.connection(SECOND).leave();
    cluster.tell();
    assertThat(picture().getShardsCount()).isEqualTo(1);
    assertThat(picture().getGoneShardsList())
        .extracting(ShardMember::getId, ShardMember::getState)
        .containsExactly(
            tuple(SECOND, MemberState.MEMBER_STATE_DEAD),
            tuple("shard-9", MemberState.MEMBER_STATE_LEFT));
  }

  @Test
  void aRangeWhoseOwnerIsNoMemberDoesNotServe() {
    cluster.connection(SECOND).leave();
    cluster.tell();
    watch();

    RangeOwnership range = pictures.getValues().get(0).getTopology().getRanges(2);
    assertThat(range.getOwner()).isEqualTo(SECOND);
    assertThat(range.getServing()).isFalse();
  }

  @Test
  void aShardWithoutASessionSaysThatItsPictureIsTheLastItKnew() {
    watch();
    assertThat(pictures.getValues().get(0).getTopology().getOutOfTouch()).isFalse();

    cluster.connection(FIRST).suspend();
    assertThat(pictures.getValues().get(1).getTopology().getOutOfTouch()).isTrue();
    cluster.connection(FIRST).resume();
    assertThat(pictures.getValues().get(2).getTopology().getOutOfTouch()).isFalse();
  }

  @Test
  void aWatcherHearsThePresentPictureAndEachThatDiffers() {
    watch();
    assertThat(pictures.getValues()).hasSize(1);
    cluster.tell();
    assertThat(pictures.getValues()).hasSize(1);

    cluster.elect(FIRST);
    cluster.assign(UNOWNED, SECOND);
    Topology last = pictures.getValues().get(pictures.getValues().size() - 1).getTopology();
    assertThat(pictures.getValues().get(1).getTopology().getController()).isEqualTo(FIRST);
    assertThat(last.getRanges(UNOWNED).getServing()).isTrue();
    assertThat(last.getRangesCount()).isEqualTo(4);
    assertThat(last.getShardsCount()).isEqualTo(2);
  }

  @Test
  void aSlowWatcherGetsOnlyTheNewestPicture() {
    SlowWatcher slow = new SlowWatcher();
    TopologyServiceGrpc.newStub(cluster.channel(FIRST))
        .watchTopology(WatchTopologyRequest.getDefaultInstance(), slow);
    for (int i = 0; i < 5; i++) {
      cluster.elect("controller-" + i);
    }
    assertThat(pictures.getValues()).hasSize(1);

    slow.request(1);
    assertThat(pictures.getValues()).hasSize(2);
    assertThat(pictures.getValues().get(1).getTopology().getController()).isEqualTo("controller-4");
    slow.request(5);
    assertThat(pictures.getValues()).hasSize(2);
  }

  @Test
  void watchesEndWhenTheShardSaysGoodbye() throws Exception {
    watch();
    cluster.services(FIRST).sayGoodbye();

    assertThat(pictures.awaitCompletion(10, TimeUnit.SECONDS)).isTrue();
    assertThat(pictures.getError()).isNull();
    cluster.elect(FIRST);
    assertThat(pictures.getValues()).hasSize(1);
  }
}
