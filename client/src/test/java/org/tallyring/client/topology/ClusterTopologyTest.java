package org.tallyring.client.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.tallyring.client.fake.FakeCluster;
import org.tallyring.client.loop.ManualLoop;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.Topology;

final class ClusterTopologyTest {

  private final FakeCluster cluster = new FakeCluster(4, 2, new ManualLoop());

  @Test
  void onlyLiveShardsHaveAnAddress() {
    cluster.start(1);
    ClusterTopology topology = ClusterTopology.of(cluster.picture());
    cluster.close();

    assertThat(topology.addressOf("shard-0")).isNull();
    assertThat(topology.addressOf("shard-1")).isEqualTo(cluster.address(1));
    assertThat(topology.rangeTable().rangeCount()).isEqualTo(4);
    assertThat(topology.range(3).getOwner()).isEqualTo("shard-1");
  }

  @Test
  void aPictureOfAnotherHashIsRefused() {
    assertRefused(cluster.picture().toBuilder().setHashName("murmur3").build(), "hash_name");
  }

  @Test
  void aPictureThatLacksARangeIsRefused() {
    assertRefused(cluster.picture().toBuilder().removeRanges(2).build(), "ranges");
  }

  @Test
  void aPictureWithRangesOutOfPlaceIsRefused() {
    assertRefused(
        cluster.picture().toBuilder()
            .setRanges(1, RangeOwnership.newBuilder().setRangeId(3))
            .build(),
        "ranges[1].range_id: 3 (expected: 1)");
  }

  @Test
  void aPictureWithAnImpossibleCountIsRefused() {
    assertRefused(Topology.newBuilder().setHashName("xxh3-64").setRangeCount(3).build(), "3");
  }

  private static void assertRefused(Topology picture, String message) {
    assertThatThrownBy(() -> ClusterTopology.of(picture))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
