package org.tallyring.client.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ShardChannelsTest {

  private final ShardChannels channels = new ShardChannels(InProcessChannelBuilder::forName);

  @AfterEach
  void close() {
    channels.close();
  }

  @Test
  void anAddressHasOneChannel() {
    assertThat(channels.channel("a:1")).isSameAs(channels.channel("a:1"));
    assertThat(channels.channel("a:1")).isNotSameAs(channels.channel("b:1"));
  }

  @Test
  void channelsToAddressesThatAreGoneAreGivenUp() {
    ManagedChannel gone = channels.channel("a:1");
    ManagedChannel kept = channels.channel("b:1");
    channels.retainOnly(List.of("b:1", "c:1"));

    assertThat(gone.isShutdown()).isTrue();
    assertThat(kept.isShutdown()).isFalse();
    assertThat(channels.channel("a:1")).isNotSameAs(gone);
  }

  @Test
  void afterTheEndThereAreNone() {
    ManagedChannel channel = channels.channel("a:1");
    channels.close();

    assertThat(channel.isTerminated()).isTrue();
    assertThatThrownBy(() -> channels.channel("a:1")).isInstanceOf(IllegalStateException.class);
  }
}
