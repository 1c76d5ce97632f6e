package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.EventPosition;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceStub;
import org.tallyring.proto.internal.v1.WatchRangeEventsRequest;
import org.tallyring.proto.internal.v1.WatchRangeEventsResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.WatchEventsResponse;
import org.tallyring.shardserver.coordination.ClusterView;

/**
 * One watcher of all ranges: a stream to each owner, this shard among them, put together.
 *
 * <p><b>Positions.</b> For each range the number of the last event that was handed to the watcher.
 * A stream that ends, or whose shard got other ranges, is opened anew with them; what was on its
 * way in the old one is dropped and comes again. So the watcher gets each event once.
 *
 * <p><b>Flow control.</b> An owner is asked for one message at a time, and for the next when the
 * watcher took it. So a message per owner is all that waits here.
 *
 * <p>Everything runs on one executor that does one thing at a time.
 */
final class EventWatch {

  private static final long REOPEN_MILLIS = 200;

  private final String cluster;
  private final int rangeCount;
  private final EventFilter filter;
  private final ServerCallStreamObserver<WatchEventsResponse> call;
  private final Function<String, RangeServiceStub> peers;
  private final ScheduledExecutorService executor;
  private final Consumer<EventWatch> onEnd;

  private final Map<Integer, Long> positions;

  /** Ranges whose position is the token's word so far. */
  private final Set<Integer> unconfirmed;

  private final Map<String, OwnerStream> streams = new HashMap<>();
  private Map<String, Set<Integer>> owned = Map.of();
  private boolean reopening;
  private boolean tokenTold;
  private boolean ended;

  /**
   * A watch that tells nothing before it is told a view, see {@link #follow}.
   *
   * @param positions where to go on; a range that is not in it is watched from now on
   * @param peers calls to a shard, by address
   * @param onEnd told when it ended, at least once
   */
  EventWatch(
      String cluster,
      int rangeCount,
      EventFilter filter,
      Map<Integer, Long> positions,
      ServerCallStreamObserver<WatchEventsResponse> call,
      Function<String, RangeServiceStub> peers,
      ScheduledExecutorService executor,
      Consumer<EventWatch> onEnd) {
    this.cluster = cluster;
    this.rangeCount = rangeCount;
    this.filter = filter;
    this.positions = new TreeMap<>(positions);
    this.unconfirmed = new HashSet<>(positions.keySet());
    this.call = call;
    this.peers = peers;
    this.executor = executor;
    this.onEnd = onEnd;
    call.setOnReadyHandler(() -> run(this::handOver));
    call.setOnCancelHandler(() -> run(this::end));
  }

  /** A step that fails is a defect, and must not leave a watcher waiting for ever. */
  private void run(Runnable step) {
    executor.execute(
        () -> {
          try {
            step.run();
          } catch (RuntimeException e) {
            failNow(Calls.toStatus(e));
          }
        });
  }

  /** Follows the ranges to their owners in a view. */
  void follow(ClusterView view) {
    Map<String, Set<Integer>> byAddress = new TreeMap<>();
    for (int rangeId = 0; rangeId < rangeCount; rangeId++) {
      int id = rangeId;
      RangeOwners.serving(view, id)
          .ifPresent(
              owner ->
                  byAddress
                      .computeIfAbsent(owner.getAddress(), address -> new TreeSet<>())
                      .add(id));
    }
    run(
        () -> {
          owned = byAddress;
          reconcile();
        });
  }

  /** Ends the watch from this side. */
  void fail(Throwable why) {
    run(() -> failNow(why));
  }

  private void failNow(Throwable why) {
    if (!ended) {
      end();
      call.onError(why);
    }
  }

  private void end() {
    if (!ended) {
      ended = true;
      streams.values().forEach(OwnerStream::cancel);
      streams.clear();
      onEnd.accept(this);
    }
  }

  private void reconcile() {
    if (ended) {
      // Before it was begun, perhaps.
      onEnd.accept(this);
      return;
    }
    streams
        .values()
        .removeIf(
            stream -> {
              boolean wrong = !stream.ranges.equals(owned.get(stream.address));
              if (wrong) {
                stream.cancel();
              }
              return wrong;
            });
    owned.forEach(
        (address, ranges) -> {
          if (!streams.containsKey(address)) {
            open(address, ranges);
          }
        });
  }

  private void open(String address, Set<Integer> ranges) {
    WatchRangeEventsRequest.Builder request =
        WatchRangeEventsRequest.newBuilder()
            .setNamespace(filter.namespace())
            .addAllKinds(filter.kinds())
            .setHitSampleRate(filter.hitRate());
    for (int rangeId : ranges) {
      EventPosition.Builder position = request.addPositionsBuilder().setRangeId(rangeId);
      Long number = positions.get(rangeId);
      if (number != null) {
        position.setNumber(number);
      }
    }
    OwnerStream stream = new OwnerStream(address, ranges);
    streams.put(address, stream);
    peers.apply(address).watchRangeEvents(request.build(), stream);
  }

  private void closed(OwnerStream stream, @Nullable Throwable failure) {
    if (ended || !streams.remove(stream.address, stream)) {
      return;
    }
    if (failure != null
        && Errors.reasonOf(failure) == ErrorReason.ERROR_REASON_BAD_RESUME_TOKEN
        && stream.ranges.stream().anyMatch(unconfirmed::contains)) {
      failNow(Errors.fromProto(Errors.toProto(failure)));
    } else if (!reopening) {
      reopening = true;
      executor.schedule(
          () ->
              run(
                  () -> {
                    reopening = false;
                    reconcile();
                  }),
          REOPEN_MILLIS,
          TimeUnit.MILLISECONDS);
    }
  }

  private void handOver() {
    List.copyOf(streams.values()).forEach(OwnerStream::handOver);
  }

  private void hand(WatchRangeEventsResponse message) {
    int rangeId = message.getPosition().getRangeId();
    long number = message.getPosition().getNumber();
    unconfirmed.remove(rangeId);
    Long before = positions.put(rangeId, number);
    boolean moved = before == null || before != number;
    boolean complete = positions.size() == rangeCount;
    if (message.getEventsCount() == 0
        && !message.hasGap()
        && !(complete && (moved || !tokenTold))) {
      return;
    }
    WatchEventsResponse.Builder response =
        WatchEventsResponse.newBuilder().addAllEvents(message.getEventsList());
    if (message.hasGap()) {
      response.addGaps(message.getGap());
    }
    if (complete) {
      tokenTold = true;
      response.setResumeToken(ResumeToken.of(cluster, positions));
    }
    call.onNext(response.build());
  }

  /** The error of a shard that stops; the watch goes on at another one. */
  static Throwable stopping() {
    return Errors.of(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_NOT_READY,
        "this shard stops (expected: another shard, with the resume token)");
  }

  /** What one owner tells of its ranges. */
  private final class OwnerStream
      implements ClientResponseObserver<WatchRangeEventsRequest, WatchRangeEventsResponse> {

    final String address;
    final Set<Integer> ranges;
    private @Nullable ClientCallStreamObserver<WatchRangeEventsRequest> owner;
    private @Nullable WatchRangeEventsResponse held;

    OwnerStream(String address, Set<Integer> ranges) {
      this.address = address;
      this.ranges = ranges;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchRangeEventsRequest> stream) {
      owner = stream;
      stream.disableAutoRequestWithInitial(1);
    }

    @Override
    public void onNext(WatchRangeEventsResponse message) {
      run(
          () -> {
            held = message;
            handOver();
          });
    }

    void handOver() {
      if (held != null && owner != null && streams.get(address) == this && call.isReady()) {
        WatchRangeEventsResponse message = held;
        held = null;
        hand(message);
        owner.request(1);
      }
    }

    @Override
    public void onError(Throwable failure) {
      run(() -> closed(this, failure));
    }

    @Override
    public void onCompleted() {
      run(() -> closed(this, null));
    }

    void cancel() {
      if (owner != null) {
        owner.cancel("not needed any more", null);
      }
    }
  }
}
