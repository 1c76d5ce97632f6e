package org.tallyring.shardserver.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceStub;
import org.tallyring.proto.v1.WatchEventsRequest;
import org.tallyring.proto.v1.WatchEventsResponse;
import org.tallyring.shardserver.coordination.ClusterWatch;

/** The watchers of all ranges that came to this shard. Thread-safe. */
final class EventWatches {

  private final String cluster;
  private final ClusterWatch watch;
  private final NamespaceDirectory namespaces;
  private final Function<String, RangeServiceStub> peers;
  private final ScheduledExecutorService executor;
  private final Set<EventWatch> watches = ConcurrentHashMap.newKeySet();

  /**
   * No watchers yet.
   *
   * @param peers calls to a shard, by address; this shard among them
   * @param executor does one thing at a time
   */
  EventWatches(
      String cluster,
      ClusterWatch watch,
      NamespaceDirectory namespaces,
      Function<String, RangeServiceStub> peers,
      ScheduledExecutorService executor) {
    this.cluster = cluster;
    this.watch = watch;
    this.namespaces = namespaces;
    this.peers = peers;
    this.executor = executor;
    watch.listen(view -> watches.forEach(each -> each.follow(view)));
  }

  /**
   * Takes a watcher. To be called while its call is being accepted.
   *
   * @throws io.grpc.StatusRuntimeException if the request makes no sense
   */
  void begin(WatchEventsRequest request, ServerCallStreamObserver<WatchEventsResponse> call) {
    EventFilter filter =
        EventFilter.of(request.getNamespace(), request.getKindsList(), request.getHitSampleRate());
    int rangeCount = watch.view().config().getRangeCount();
    Map<Integer, Long> positions =
        request.getResumeToken().isEmpty()
            ? new HashMap<>()
            : ResumeToken.positions(cluster, rangeCount, request.getResumeToken());
    EventWatch begun =
        new EventWatch(
            cluster, rangeCount, filter, positions, call, peers, executor, watches::remove);
    if (filter.namespace().isEmpty()) {
      follow(begun);
      return;
    }
    namespaces
        .find(filter.namespace(), List.of())
        .whenComplete(
            (found, failure) -> {
              if (failure != null) {
                begun.fail(Calls.toStatus(failure));
              } else {
                follow(begun);
              }
            });
  }

  private void follow(EventWatch begun) {
    watches.add(begun);
    begun.follow(watch.view());
  }

  /** Ends all watches, so that watchers turn to another shard while this one stops. */
  void close() {
    watches.forEach(each -> each.fail(EventWatch.stopping()));
  }
}
