package org.tallyring.aggregator.grpc;

import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.tallyring.aggregator.collect.Cluster;
import org.tallyring.aggregator.collect.ClusterPicture;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.proto.v1.GetTopologyRequest;
import org.tallyring.proto.v1.GetTopologyResponse;
import org.tallyring.proto.v1.TopologyServiceGrpc;
import org.tallyring.proto.v1.WatchTopologyRequest;
import org.tallyring.proto.v1.WatchTopologyResponse;

/** Tells the topology as the aggregator itself follows it. */
public final class TopologyService extends TopologyServiceGrpc.TopologyServiceImplBase {

  private final Cluster cluster;

  /** A service that tells of a cluster. */
  public TopologyService(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public void getTopology(
      GetTopologyRequest request, StreamObserver<GetTopologyResponse> observer) {
    ClusterPicture picture = cluster.picture();
    if (!picture.isKnown()) {
      observer.onError(ShardCalls.noShard());
      return;
    }
    observer.onNext(GetTopologyResponse.newBuilder().setTopology(picture.topology()).build());
    observer.onCompleted();
  }

  @Override
  public void watchTopology(
      WatchTopologyRequest request, StreamObserver<WatchTopologyResponse> observer) {
    ServiceRequestContext context = ServiceRequestContext.currentOrNull();
    if (context != null) {
      // A watch lives as long as its watcher.
      context.clearRequestTimeout();
    }
    new Watcher((ServerCallStreamObserver<WatchTopologyResponse>) observer).begin();
  }

  /** One reader. A picture that it has not taken when a newer one comes is replaced by it. */
  private final class Watcher {

    private final ServerCallStreamObserver<WatchTopologyResponse> reader;
    private @Nullable ClusterPicture untold;

    Watcher(ServerCallStreamObserver<WatchTopologyResponse> reader) {
      this.reader = reader;
    }

    void begin() {
      reader.setOnReadyHandler(this::tell);
      Cluster.Watch watch = cluster.watch(this::take);
      reader.setOnCancelHandler(watch::close);
    }

    private synchronized void take(ClusterPicture newest) {
      untold = newest;
      tell();
    }

    private synchronized void tell() {
      if (untold != null && reader.isReady() && !reader.isCancelled()) {
        WatchTopologyResponse message =
            WatchTopologyResponse.newBuilder().setTopology(untold.topology()).build();
        untold = null;
        reader.onNext(message);
      }
    }
  }
}
