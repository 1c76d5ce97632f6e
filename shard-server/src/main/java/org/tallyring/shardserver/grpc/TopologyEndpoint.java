package org.tallyring.shardserver.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.tallyring.proto.v1.GetTopologyRequest;
import org.tallyring.proto.v1.GetTopologyResponse;
import org.tallyring.proto.v1.Topology;
import org.tallyring.proto.v1.TopologyServiceGrpc.TopologyServiceImplBase;
import org.tallyring.proto.v1.WatchTopologyRequest;
import org.tallyring.proto.v1.WatchTopologyResponse;
import org.tallyring.shardserver.coordination.Coordination;

/**
 * Serves the topology from the newest view; a watcher that reads slowly gets only the newest
 * picture.
 */
final class TopologyEndpoint extends TopologyServiceImplBase {

  private final String cluster;
  private final Coordination coordination;
  private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();

  TopologyEndpoint(String cluster, Coordination coordination) {
    this.cluster = cluster;
    this.coordination = coordination;
    coordination.watch().listen(view -> watchers.forEach(Watcher::offer));
    coordination.listenToSession(state -> watchers.forEach(Watcher::offer));
  }

  private Topology picture() {
    return TopologyPictures.of(cluster, coordination.watch().view(), coordination.sessionState());
  }

  @Override
  public void getTopology(
      GetTopologyRequest request, StreamObserver<GetTopologyResponse> responses) {
    responses.onNext(GetTopologyResponse.newBuilder().setTopology(picture()).build());
    responses.onCompleted();
  }

  @Override
  public void watchTopology(
      WatchTopologyRequest request, StreamObserver<WatchTopologyResponse> responses) {
    Watcher watcher = new Watcher((ServerCallStreamObserver<WatchTopologyResponse>) responses);
    watcher.calls.setOnReadyHandler(watcher::offer);
    watcher.calls.setOnCancelHandler(() -> watchers.remove(watcher));
    watchers.add(watcher);
    watcher.offer();
  }

  /** Ends all watches, so that watchers turn to another shard while this one stops. */
  void close() {
    watchers.forEach(Watcher::end);
    watchers.clear();
  }

  private final class Watcher {
    private final ServerCallStreamObserver<WatchTopologyResponse> calls;
    private Topology sent = Topology.getDefaultInstance();
    private boolean ended;

    Watcher(ServerCallStreamObserver<WatchTopologyResponse> calls) {
      this.calls = calls;
    }

    synchronized void offer() {
      Topology now = picture();
      if (!ended && !calls.isCancelled() && calls.isReady() && !now.equals(sent)) {
        sent = now;
        calls.onNext(WatchTopologyResponse.newBuilder().setTopology(now).build());
      }
    }

    synchronized void end() {
      if (!ended && !calls.isCancelled()) {
        ended = true;
        calls.onCompleted();
      }
    }
  }
}
