package org.tallyring.client.channel;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.tallyring.client.loop.NetworkLoop;

/**
 * One gRPC channel per address, opened when first asked for.
 *
 * <p>gRPC waits longer and longer, up to two minutes, before it connects again to an address that
 * refused. Callers here have their own, shorter waits, so each request for a channel also ends
 * gRPC's. Calls on these channels run their callbacks on the network threads: a callback must not
 * block. Thread-safe.
 */
public final class ShardChannels implements AutoCloseable {

  /** Room for the counts of 10,000 keys of the greatest length in one answer. */
  private static final int MAX_INBOUND_MESSAGE_BYTES = 16 << 20;

  private static final long CLOSE_SECONDS = 2;

  private final Function<String, ManagedChannelBuilder<?>> builders;
  private final Map<String, ManagedChannel> channels = new HashMap<>();
  private boolean closed;

  /** Channels over TCP without encryption, on network threads that all such channels share. */
  public ShardChannels() {
    this(address -> Grpc.newChannelBuilder(address, InsecureChannelCredentials.create()));
  }

  /** Channels over TCP without encryption, whose network thread is the loop. */
  public static ShardChannels on(NetworkLoop loop) {
    return new ShardChannels(
        address ->
            loop.connect(
                NettyChannelBuilder.forTarget(address, InsecureChannelCredentials.create())));
  }

  /**
   * Channels of another transport.
   *
   * @param builders makes the builder of the channel to an address, {@code host:port}
   */
  public ShardChannels(Function<String, ManagedChannelBuilder<?>> builders) {
    this.builders = builders;
  }

  /**
   * The channel to an address.
   *
   * @throws IllegalStateException after {@link #close()}
   * @throws IllegalArgumentException if the address is malformed
   */
  public synchronized ManagedChannel channel(String address) {
    if (closed) {
      throw new IllegalStateException("channels: closed (expected: open)");
    }
    ManagedChannel channel = channels.get(address);
    if (channel == null) {
      // Retries are the business of callers, who know what a repeat means; without them gRPC does
      // not
      // keep a copy of what was sent.
      channel =
          builders
              .apply(address)
              .disableRetry()
              .directExecutor()
              .maxInboundMessageSize(MAX_INBOUND_MESSAGE_BYTES)
              .build();
      channels.put(address, channel);
    } else {
      channel.resetConnectBackoff();
    }
    return channel;
  }

  /**
   * Gives up the channels to all other addresses. Calls on them run to their end; asking for such
   * an address again opens a new channel.
   */
  public synchronized void retainOnly(Collection<String> addresses) {
    Set<String> others = new HashSet<>(channels.keySet());
    others.removeAll(addresses);
    for (String address : others) {
      ManagedChannel channel = channels.remove(address);
      if (channel != null) {
        channel.shutdown();
      }
    }
  }

  /** Ends all calls and closes all channels, waiting a moment for their connections to end. */
  @Override
  public void close() {
    Set<ManagedChannel> open;
    synchronized (this) {
      closed = true;
      open = Set.copyOf(channels.values());
      channels.clear();
    }
    open.forEach(ManagedChannel::shutdownNow);
    try {
      for (ManagedChannel channel : open) {
        channel.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
      }
    } catch (InterruptedException interrupted) {
      // The channels end by themselves; the caller is told that it was asked to hurry.
      Thread.currentThread().interrupt();
    }
  }
}
