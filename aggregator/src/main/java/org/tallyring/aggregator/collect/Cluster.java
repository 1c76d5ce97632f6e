package org.tallyring.aggregator.collect;

import io.grpc.Channel;
import java.util.function.Consumer;

/** The cluster as the aggregator reaches it. Thread-safe. */
public interface Cluster {

  /** The newest picture; {@link ClusterPicture#UNKNOWN} before the first. */
  ClusterPicture picture();

  /**
   * Tells the listener the present picture, if there is one, and from then on every newer one, one
   * after the other. The listener must not block.
   *
   * @return ends it
   */
  Watch watch(Consumer<ClusterPicture> listener);

  /**
   * A connection to a shard; connecting happens with the first call.
   *
   * @throws IllegalStateException if the cluster is left already
   * @throws IllegalArgumentException if the address is malformed
   */
  Channel channel(String address);

  /** Says that the picture seems to be outdated, since a shard in it does not answer. */
  void doubt();

  /** Pictures being told to a listener. */
  interface Watch extends AutoCloseable {

    /** No picture is told after this, but one may just be on its way. */
    @Override
    void close();
  }
}
