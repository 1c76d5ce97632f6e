package org.tallyring.aggregator.fake;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.tallyring.aggregator.collect.Cluster;
import org.tallyring.aggregator.collect.ClusterPicture;

/** {@link FakeShards} reached within the process, with calls that end before they return. */
public final class FakeCluster implements Cluster, AutoCloseable {

  private final FakeShards shards;
  private final Map<String, Server> servers = new HashMap<>();
  private final Map<String, ManagedChannel> channels = new HashMap<>();
  private final List<Consumer<ClusterPicture>> listeners = new ArrayList<>();
  private ClusterPicture picture = ClusterPicture.UNKNOWN;
  private int doubts;

  /** Starts these shards. */
  public FakeCluster(FakeShards shards, String... shardIds) {
    this.shards = shards;
    for (String shardId : shardIds) {
      start(shardId);
    }
    publish();
  }

  /** Starts a shard; {@link #publish()} makes it known. */
  public void start(String shardId) {
    String address = InProcessServerBuilder.generateName();
    InProcessServerBuilder builder = InProcessServerBuilder.forName(address).directExecutor();
    shards.services(shardId).forEach(builder::addService);
    try {
      servers.put(shardId, builder.build().start());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    shards.join(shardId, address);
  }

  /** Stops a shard; the picture stays as it is. */
  public void stop(String shardId) {
    Server server = servers.remove(shardId);
    if (server != null) {
      server.shutdownNow();
    }
  }

  /** Tells the topology as it is now. */
  public void publish() {
    picture = ClusterPicture.of(shards.topology());
    listeners.forEach(listener -> listener.accept(picture));
  }

  /** How often the picture was doubted. */
  public int doubts() {
    return doubts;
  }

  @Override
  public ClusterPicture picture() {
    return picture;
  }

  @Override
  public Watch watch(Consumer<ClusterPicture> listener) {
    listeners.add(listener);
    listener.accept(picture);
    return () -> listeners.remove(listener);
  }

  @Override
  public Channel channel(String address) {
    return channels.computeIfAbsent(
        address, name -> InProcessChannelBuilder.forName(name).directExecutor().build());
  }

  @Override
  public void doubt() {
    doubts++;
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
    servers.values().forEach(Server::shutdownNow);
  }
}
