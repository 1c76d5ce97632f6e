package org.tallyring.client.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tallyring.client.channel.ShardChannels;
import org.tallyring.client.fake.FakeCluster;
import org.tallyring.client.loop.ManualLoop;

final class TopologyFeedTest {

  private final ManualLoop loop = new ManualLoop();
  private final FakeCluster cluster = new FakeCluster(4, 3, loop).start();
  private final ShardChannels channels = cluster.channels();
  private final TopologyFeed feed =
      new TopologyFeed(List.of(cluster.address(0)), channels, loop, new Random(1));
  private final List<ClusterTopology> pictures = new ArrayList<>();

  @BeforeEach
  void follow() {
    feed.addListener(pictures::add);
    feed.start();
    loop.run();
  }

  @AfterEach
  void close() {
    feed.close();
    loop.run();
    channels.close();
    cluster.close();
  }

  @Test
  void thePictureReceivedLastIsThePresentOne() {
    assertThat(feed.first()).isCompleted();
    cluster.move(2, 1);
    loop.run();

    assertThat(pictures).hasSize(2);
    assertThat(feed.current()).isSameAs(pictures.get(1));
    assertThat(pictures.get(1).range(2).getOwner()).isEqualTo("shard-1");
    assertThat(pictures.get(1).range(2).getEpoch()).isEqualTo(2);
  }

  @Test
  void aLateListenerHearsThePresentPicture() {
    List<ClusterTopology> late = new ArrayList<>();
    feed.addListener(late::add);
    loop.run();

    assertThat(late).hasSize(1);
  }

  @Test
  void whenItsServerGoesTheFeedTurnsToAnother() {
    cluster.stop(0);
    loop.advance(Duration.ofSeconds(10));
    cluster.move(0, 1);
    loop.run();

    assertThat(feed.current()).isNotNull();
    assertThat(pictures.get(pictures.size() - 1).range(0).getOwner()).isEqualTo("shard-1");
  }

  @Test
  void onSuspicionTheFeedTurnsToAnotherButNotTooOften() {
    int before = pictures.size();
    feed.resubscribe();
    loop.advance(Duration.ofSeconds(2));
    assertThat(pictures).hasSize(before);

    loop.advance(Duration.ofSeconds(2));
    feed.resubscribe();
    loop.advance(Duration.ofSeconds(1));
    assertThat(pictures).hasSize(before + 1);
  }

  @Test
  void afterTheEndNothingIsHeard() {
    feed.close();
    loop.run();
    cluster.move(2, 1);
    loop.advance(Duration.ofSeconds(10));

    assertThat(pictures).hasSize(1);
  }
}
