package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.EventPosition;
import org.tallyring.proto.internal.v1.WatchRangeEventsResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.EventGap;
import org.tallyring.shardserver.engine.EventPage;
import org.tallyring.shardserver.engine.EventQuery;
import org.tallyring.shardserver.ownership.EventSource;

/**
 * One watcher of ranges held here.
 *
 * <p><b>Flow control.</b> Events wait in their range until the call can take a message; one page is
 * on its way at a time. A watcher that stops reading costs one page and a few numbers, the range
 * forgets its oldest events as ever, and the next page says how many those were.
 *
 * <p>Everything here runs on one executor that does one thing at a time. Ranges take turns.
 */
final class RangeEventFeed {

  private static final Duration RETRY_DELAY = Duration.ofMillis(100);

  /** A position is told without events when it moved this far: well within what a range keeps. */
  private static final int SILENT_EVENTS = 1024;

  private final IntFunction<Optional<EventSource>> sources;
  private final EventFilter filter;
  private final ServerCallStreamObserver<WatchRangeEventsResponse> call;
  private final Executor executor;
  private final List<Place> places = new ArrayList<>();
  private final ArrayDeque<Place> waiting = new ArrayDeque<>();
  private boolean reading;
  private boolean ended;

  /** A feed that tells nothing before {@link #begin}. */
  RangeEventFeed(
      IntFunction<Optional<EventSource>> sources,
      EventFilter filter,
      ServerCallStreamObserver<WatchRangeEventsResponse> call,
      Executor executor) {
    this.sources = sources;
    this.filter = filter;
    this.call = call;
    this.executor = executor;
  }

  /** Where the watcher is in one range. */
  private final class Place {
    final int rangeId;
    final EventSource source;
    final Runnable listener = this::wake;
    final AtomicBoolean waking = new AtomicBoolean();
    EventQuery next;
    boolean begun;
    boolean isWaiting;
    long toldNumber;

    Place(EventPosition position, EventSource source) {
      rangeId = position.getRangeId();
      this.source = source;
      next = filter.after(position.hasNumber() ? position.getNumber() : EventQuery.NEWEST);
    }

    /** Called on the range's loop. */
    private void wake() {
      if (waking.compareAndSet(false, true)) {
        run(
            () -> {
              waking.set(false);
              await(this);
              pump();
            });
      }
    }
  }

  /** A step that fails is a defect, and must not leave a watcher waiting for ever. */
  private void run(Runnable step) {
    executor.execute(
        () -> {
          try {
            step.run();
          } catch (RuntimeException e) {
            fail(Calls.toStatus(e));
          }
        });
  }

  /** Begins. To be called while the call is being accepted. */
  void begin(List<EventPosition> positions) {
    call.setOnReadyHandler(() -> run(this::pump));
    call.setOnCancelHandler(() -> run(this::end));
    run(() -> open(positions));
  }

  private void open(List<EventPosition> positions) {
    for (EventPosition position : positions) {
      Optional<EventSource> source = sources.apply(position.getRangeId());
      if (source.isEmpty()) {
        fail(notServed(position.getRangeId()));
        return;
      }
      Place place = new Place(position, source.get());
      places.add(place);
      await(place);
      place.source.listen(place.listener, filter.hitRate());
    }
    pump();
  }

  private void await(Place place) {
    if (!place.isWaiting) {
      place.isWaiting = true;
      waiting.add(place);
    }
  }

  private void pump() {
    if (ended || reading || waiting.isEmpty() || !call.isReady()) {
      return;
    }
    Place place = waiting.remove();
    place.isWaiting = false;
    reading = true;
    place
        .source
        .events(place.next)
        .whenComplete((page, failure) -> run(() -> took(place, page, failure)));
  }

  private void took(Place place, @Nullable EventPage page, @Nullable Throwable failure) {
    reading = false;
    if (ended) {
      return;
    }
    if (failure != null) {
      fail(Calls.toStatus(failure));
    } else if (page == null) {
      fail(notServed(place.rangeId));
    } else {
      tell(place, page);
      pump();
    }
  }

  private void tell(Place place, EventPage page) {
    long asked = place.next.afterNumber();
    if (asked != EventQuery.NEWEST && asked > page.number()) {
      fail(ResumeToken.tooFar(place.rangeId));
      return;
    }
    place.next = place.next.after(page.number(), page.hit());
    if (page.more()) {
      await(place);
    }
    WatchRangeEventsResponse.Builder message = WatchRangeEventsResponse.newBuilder();
    if (page.missed() > 0 || page.missedHits() > 0) {
      message.setGap(
          EventGap.newBuilder()
              .setRangeId(place.rangeId)
              .setMissed(page.missed())
              .setMissedHits(page.missedHits()));
    }
    message.addAllEvents(page.events());
    if (place.begun
        && !message.hasGap()
        && message.getEventsCount() == 0
        && page.number() - place.toldNumber < SILENT_EVENTS) {
      return;
    }
    place.begun = true;
    place.toldNumber = page.number();
    call.onNext(
        message
            .setPosition(
                EventPosition.newBuilder().setRangeId(place.rangeId).setNumber(page.number()))
            .build());
  }

  private void fail(Throwable why) {
    if (!ended) {
      end();
      call.onError(why);
    }
  }

  private void end() {
    ended = true;
    places.forEach(place -> place.source.unlisten(place.listener));
  }

  private static Throwable notServed(int rangeId) {
    return Errors.retryable(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF,
        "range: " + rangeId + " is not served here (expected: at its owner, or retry)",
        RETRY_DELAY);
  }
}
