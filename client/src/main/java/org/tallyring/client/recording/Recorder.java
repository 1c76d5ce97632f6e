package org.tallyring.client.recording;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.RecordResult;
import org.tallyring.client.RecordTotals;
import org.tallyring.client.TallyringException;
import org.tallyring.client.channel.ShardChannels;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.client.topology.ClusterTopology;
import org.tallyring.client.topology.TopologyFeed;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;

/**
 * Records the increments of one namespace: the way in to the lanes, of which there is one for each
 * range. Thread-safe.
 *
 * <p>Rows are taken as valid; they were checked before.
 */
public final class Recorder implements AutoCloseable {

  /** In place of an event time: the clock of the shard that accepts the increment. */
  public static final long UNTIMED = Columns.UNTIMED;

  /** In place of a user: nobody. */
  public static final byte[] NO_USER = {};

  /**
   * What a row takes besides its key and user: the other columns, and its part of the arrays'
   * slack.
   */
  private static final int ROW_BYTES = 32;

  /** Divided once: a duration's division goes through a BigDecimal. */
  private static final Duration HALF_LINGER = RecordingSettings.LINGER.dividedBy(2);

  /** What a future and its callbacks take. */
  private static final int FUTURE_BYTES = 96;

  private final RecordingSettings settings;
  private final TopologyFeed feed;
  private final EventLoop loop;
  private final RandomGenerator random;
  private final ByteBudget budget;
  private final Results results;
  private final ShardStreams streams;
  private final ThreadLocal<KeyHash> hash;
  private final Linger linger = new Linger();
  private final AtomicBoolean lingering = new AtomicBoolean();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<Ring> firstRing = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private volatile @Nullable Ring ring;
  private boolean closed;

  /** The lanes in their order. They exist from the first picture of the cluster on. */
  private record Ring(RangeTable ranges, List<Lane> lanes) {}

  /**
   * A recorder; it listens to the feed, which somebody else starts and closes.
   *
   * @param callbacks runs what callers hang on futures, and their listener; one task at a time
   * @param random makes sessions, so it must be unpredictable enough never to repeat 16 bytes
   */
  public Recorder(
      RecordingSettings settings,
      TopologyFeed feed,
      ShardChannels channels,
      EventLoop loop,
      Executor callbacks,
      RandomGenerator random) {
    this.settings = settings;
    this.feed = feed;
    this.loop = loop;
    this.random = random;
    budget =
        new ByteBudget(settings.maxBytesInFlight(), settings.deadline().toNanos(), loop::nanoTime);
    results = new Results(callbacks, budget, settings.onFailure());
    streams = new ShardStreams(channels, loop, new Dispatch());
    hash = ThreadLocal.withInitial(() -> new KeyHash(settings.namespace()));
    feed.addListener(this::topologyChanged);
  }

  /**
   * Records without asking for the result; the failure listener is told if it fails. Waits while
   * there is no room.
   *
   * @param user {@link #NO_USER} for nobody
   * @param time event time in milliseconds since 1970-01-01T00:00:00Z, or {@link #UNTIMED}
   * @param eventId says which event this is; null for none
   * @throws TallyringException if there was no room, or no cluster, before the deadline
   * @throws IllegalStateException if the recorder is closed
   */
  public void record(
      String metric, byte[] key, byte[] user, long delta, long time, byte @Nullable [] eventId) {
    append(metric, key, user, delta, time, eventId, null);
  }

  /** As {@link #record}, with the result. */
  public CompletableFuture<RecordResult> recordAsync(
      String metric, byte[] key, byte[] user, long delta, long time, byte @Nullable [] eventId) {
    CompletableFuture<RecordResult> future = new CompletableFuture<>();
    append(metric, key, user, delta, time, eventId, future);
    return future;
  }

  private void append(
      String metric,
      byte[] key,
      byte[] user,
      long delta,
      long time,
      byte @Nullable [] eventId,
      @Nullable CompletableFuture<RecordResult> future) {
    Ring to = ring;
    if (to == null) {
      to = awaitRing();
    }
    int bytes =
        key.length
            + user.length
            + (eventId == null ? 0 : eventId.length)
            + (future == null ? ROW_BYTES : ROW_BYTES + FUTURE_BYTES);
    budget.acquire(bytes);
    long keyHash = hash.get().hash(key);
    Lane lane = to.lanes.get(to.ranges.rangeOf(keyHash));
    Intake.Taken taken;
    try {
      taken = lane.intake().append(metric, key, keyHash, user, delta, time, eventId, bytes, future);
    } catch (IllegalStateException closed) {
      budget.release(bytes);
      throw closed;
    }
    switch (taken) {
      case FIRST -> armLinger();
      case REPEATED -> budget.release(bytes);
      case ADDED -> {}
    }
  }

  /** Without a picture of the cluster nobody knows how many ranges there are. */
  private Ring awaitRing() {
    CompletableFuture<Ring> arrival = firstRing.copy();
    loop.schedule(
        () ->
            arrival.completeExceptionally(
                TallyringException.definite(
                    ErrorReason.ERROR_REASON_NOT_READY,
                    "servers: none told the topology within "
                        + settings.deadline()
                        + " (expected: the address of a live shard or aggregator)")),
        settings.deadline());
    try {
      return arrival.join();
    } catch (CompletionException failure) {
      if (failure.getCause() instanceof TallyringException late) {
        throw late;
      }
      throw new IllegalStateException("client: closed (expected: open)", failure);
    }
  }

  /** One timer serves all lanes; it runs only while somewhere a batch is being built. */
  private void armLinger() {
    if (!lingering.get() && lingering.compareAndSet(false, true)) {
      loop.schedule(this::linger, HALF_LINGER);
    }
  }

  private void linger() {
    // Before the scan: a row that begins a batch behind its back finds the timer unarmed.
    lingering.set(false);
    Ring known = ring;
    if (known == null) {
      return;
    }
    long now = loop.nanoTime();
    int building = 0;
    for (Lane lane : known.lanes) {
      if (!lane.isBackedUp()) {
        lane.intake().sealIfBegunBy(now - lane.lingerNanos());
      }
      building += lane.intake().isBuilding() ? 1 : 0;
    }
    linger.noteBuilding(building);
    if (building > 0) {
      armLinger();
    }
  }

  /**
   * Waits until everything recorded so far has a definite answer or has failed, and callbacks have
   * been told. Must not be called by a callback, which would wait for itself.
   */
  public void flush() {
    Ring known = ring;
    if (known != null) {
      sendNow();
      settled(known).join();
    }
  }

  /** Lets no batch wait for more rows. */
  void sendNow() {
    Ring known = ring;
    if (known != null) {
      known.lanes.forEach(lane -> lane.intake().seal());
    }
  }

  private CompletableFuture<?> settled(Ring known) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    // Behind the batches sealed just now, which are on their way to the lanes by the same queue.
    loop.execute(
        () -> {
          List<CompletableFuture<Void>> waits = new ArrayList<>();
          for (Lane lane : known.lanes) {
            lane.unsettled().forEach(batch -> waits.add(batch.settled));
          }
          CompletableFuture.allOf(waits.toArray(CompletableFuture<?>[]::new))
              // A batch that ended just before is not among them, but its listener may not know
              // yet.
              .thenRun(() -> results.whenHeard(() -> done.complete(null)));
        });
    return CompletableFuture.anyOf(done, ended);
  }

  /** How the increments have ended so far. */
  public RecordTotals totals() {
    return results.totals();
  }

  /** The bytes of increments that wait for their answers. */
  public long bytesInFlight() {
    return budget.used();
  }

  /** Takes no more, flushes, and gives up what has no answer when the deadline ends. */
  @Override
  public void close() {
    if (!closing.compareAndSet(false, true)) {
      ended.join();
      return;
    }
    Ring known = refuseFromNowOn();
    budget.close();
    firstRing.completeExceptionally(new IllegalStateException("client: closed (expected: open)"));
    if (known != null) {
      known.lanes.forEach(lane -> lane.intake().close());
      settled(known).join();
    }
    loop.execute(
        () -> {
          Ring last = ring;
          if (last != null) {
            last.lanes.forEach(Lane::close);
          }
          streams.close();
          ended.complete(null);
        });
    ended.join();
  }

  /** From here on there is either a ring, whose intakes are closed next, or never one. */
  private synchronized @Nullable Ring refuseFromNowOn() {
    closed = true;
    return ring;
  }

  private synchronized boolean openUnlessClosed(Ring first) {
    if (!closed) {
      ring = first;
    }
    return !closed;
  }

  private void topologyChanged(ClusterTopology picture) {
    Ring known = ring;
    if (known != null) {
      known.lanes.forEach(lane -> lane.topologyChanged(picture));
      return;
    }
    List<Lane> lanes = new ArrayList<>();
    for (int range = 0; range < picture.rangeTable().rangeCount(); range++) {
      lanes.add(new Lane(range, settings, loop, streams, results, feed::current, linger, random));
    }
    Ring first = new Ring(picture.rangeTable(), List.copyOf(lanes));
    if (openUnlessClosed(first)) {
      firstRing.complete(first);
      loop.schedule(this::tick, settings.tick());
    }
  }

  private void tick() {
    Ring known = ring;
    if (known == null || ended.isDone()) {
      return;
    }
    budget.tick();
    boolean suspicious = false;
    for (Lane lane : known.lanes) {
      suspicious |= lane.tick();
    }
    if (suspicious) {
      feed.resubscribe();
    }
    loop.schedule(this::tick, settings.tick());
  }

  /** Brings what happens on the streams to the lanes. */
  private final class Dispatch implements ShardStream.Listener {

    private int nextFirst;

    @Override
    public void answered(ShardStream stream, RecordStreamResponse response) {
      Ring known = ring;
      int range = response.getRangeId();
      if (known != null && range >= 0 && range < known.lanes.size()) {
        known.lanes.get(range).answered(stream, response);
      }
    }

    @Override
    public void ready(ShardStream stream) {
      Ring known = ring;
      if (known == null) {
        return;
      }
      // Another lane is the first each time; otherwise the lowest ranges would fill a slow stream.
      int lanes = known.lanes.size();
      int first = nextFirst++;
      for (int i = 0; i < lanes; i++) {
        known.lanes.get(Math.floorMod(first + i, lanes)).ready(stream);
      }
    }

    @Override
    public void lost(ShardStream stream, @Nullable Throwable failure) {
      Ring known = ring;
      if (known != null) {
        known.lanes.forEach(lane -> lane.lost(stream));
      }
    }
  }
}
