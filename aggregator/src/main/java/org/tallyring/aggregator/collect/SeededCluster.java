package org.tallyring.aggregator.collect;

import io.grpc.Channel;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.tallyring.client.channel.ShardChannels;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.client.topology.TopologyFeed;

/** A cluster found through the addresses of a few shards. Thread-safe. */
public final class SeededCluster implements Cluster, AutoCloseable {

  private final EventLoop loop;
  private final ShardChannels channels;
  private final TopologyFeed feed;
  private final List<Consumer<ClusterPicture>> listeners = new CopyOnWriteArrayList<>();
  private volatile ClusterPicture picture = ClusterPicture.UNKNOWN;

  /**
   * Begins to look for the cluster.
   *
   * @param seeds addresses of shards, {@code host:port}; at least one
   * @param loop tells the pictures; it stays open when the cluster is left
   */
  public SeededCluster(List<String> seeds, EventLoop loop) {
    this.loop = loop;
    channels = new ShardChannels();
    feed = new TopologyFeed(seeds, channels, loop, new SecureRandom());
    feed.addListener(
        topology -> {
          picture = ClusterPicture.of(topology.picture());
          listeners.forEach(listener -> listener.accept(picture));
        });
    feed.start();
  }

  @Override
  public ClusterPicture picture() {
    return picture;
  }

  @Override
  public Watch watch(Consumer<ClusterPicture> listener) {
    loop.execute(
        () -> {
          listeners.add(listener);
          if (picture.isKnown()) {
            listener.accept(picture);
          }
        });
    return () -> loop.execute(() -> listeners.remove(listener));
  }

  @Override
  public Channel channel(String address) {
    return channels.channel(address);
  }

  @Override
  public void doubt() {
    feed.resubscribe();
  }

  /** Leaves the cluster; calls under way fail. */
  @Override
  public void close() {
    feed.close();
    channels.close();
  }
}
