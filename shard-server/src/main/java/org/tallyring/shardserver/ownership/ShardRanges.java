package org.tallyring.shardserver.ownership;

import java.time.InstantSource;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.NamespaceStore;
import org.tallyring.shardserver.journal.RangeJournals;
import org.tallyring.topology.range.RangeTable;

/**
 * The ranges that this shard holds, kept equal to what the assignment gives it.
 *
 * <p>It is a reconciliation, not a sequence of commands: each view of the cluster (and each loss,
 * and a timer after a failed open) compares what is assigned with what is held, opens what is
 * missing and releases what is too much. So a missed event, a burst of assignments or a restart
 * needs no special case. Two shards that both believe in an assignment do no harm, since the
 * journal admits only the one that opened it last.
 *
 * <p>A range that is assigned here and served by another live shard is not simply opened: it comes
 * by a {@link HandOff}. So an owner goes on serving what was assigned to another live shard until
 * that one asks for it.
 */
public final class ShardRanges {

  private static final Logger log = LoggerFactory.getLogger(ShardRanges.class);

  private static final long FIRST_REOPEN_DELAY_MILLIS = 100;
  private static final long MAX_REOPEN_DELAY_MILLIS = 5_000;

  /**
   * A view will tell who fenced a range. If none comes, nobody owns it: the bookies' repair did it.
   */
  private static final long FENCED_REOPEN_DELAY_MILLIS = 1_000;

  /**
   * While one is rebuilt the processor is busy, and what that delays is another one's last step,
   * for which its producers wait.
   */
  private static final int HAND_OFFS_AT_ONCE = 1;

  private final String shardId;
  private final RangeTable table;
  private final RangeJournals journals;
  private final HandOffRequests requests;
  private final RangeLoops loops;
  private final RangeSettings settings;
  private final InstantSource clock;
  private final ScheduledExecutorService scheduler;
  private final ShardMeters meters;
  private final InFlightBudget budget;
  private final NamespaceEndings namespaceEndings;
  private final RangeAudit audit;

  private final Map<Integer, OwnedRange> held = new ConcurrentHashMap<>();

  /** What other shards serve and are to hand off. */
  private final Map<Integer, HandOff> incoming = new ConcurrentHashMap<>();

  /** What is released and has not closed its journal yet. */
  private final Map<OwnedRange, CompletableFuture<Optional<HandedOff>>> leaving =
      new ConcurrentHashMap<>();

  /**
   * Ids of lost ranges that wait for the retry. Views open them as little as anything else does: an
   * attempt claims the range's record first, and so makes the next view itself.
   */
  private final Set<Integer> resting = new HashSet<>();

  private @Nullable ClusterView latest;
  private boolean closed;
  private boolean reopenScheduled;
  private long reopenDelayMillis = FIRST_REOPEN_DELAY_MILLIS;

  /**
   * No ranges yet; {@link #reconcile} fetches them.
   *
   * @param scheduler runs retries
   */
  public ShardRanges(
      String shardId,
      RangeTable table,
      RangeJournals journals,
      HandOffRequests requests,
      NamespaceStore namespaces,
      RangeLoops loops,
      RangeSettings settings,
      InstantSource clock,
      ScheduledExecutorService scheduler,
      ShardMeters meters) {
    this.shardId = shardId;
    this.table = table;
    this.journals = journals;
    this.requests = requests;
    this.loops = loops;
    this.settings = settings;
    this.clock = clock;
    this.scheduler = scheduler;
    this.meters = meters;
    this.budget = new InFlightBudget(settings.inFlightBytes());
    this.namespaceEndings = new NamespaceEndings(namespaces, this::all);
    this.audit = new RangeAudit(journals, loops.snapshotWriter(), scheduler, meters);
    meters.ranges(this::countIn);
  }

  /** Opens what the view assigns to this shard and is not held, releases the rest. */
  public synchronized void reconcile(ClusterView view) {
    latest = view;
    if (closed) {
      return;
    }
    for (int rangeId = 0; rangeId < table.rangeCount(); rangeId++) {
      letGo(rangeId, view);
    }
    fetchMissing(view);
    namespaceEndings.compare(view);
    // A view that is behind does no harm here: an older revision changes nothing.
    all().forEach(range -> range.redefineNamespaces(view.namespaces().values()));
  }

  private static String assigned(ClusterView view, int rangeId) {
    List<String> owners = view.assignment().value().getOwnersList();
    return rangeId < owners.size() ? owners.get(rangeId) : "";
  }

  private void letGo(int rangeId, ClusterView view) {
    String assigned = assigned(view, rangeId);
    HandOff coming = incoming.get(rangeId);
    if (coming != null && !assigned.equals(shardId)) {
      incoming.remove(rangeId);
      leave(coming.range());
    }
    OwnedRange range = held.get(rangeId);
    if (range == null) {
      return;
    }
    boolean taken = isTaken(range, view.ranges().get(rangeId));
    if (taken) {
      log.info("range {}: taken by {}", rangeId, view.ranges().get(rangeId).getOwner());
    }
    boolean awaited = range.state() == RangeState.SERVING && view.members().containsKey(assigned);
    if (taken || !(assigned.equals(shardId) || awaited)) {
      release(range);
    }
  }

  /**
   * By another tenure than its own, or, while what the tenure before had is still read from, by
   * another shard: the next tenure here takes it from that one.
   */
  private boolean isTaken(OwnedRange range, RangeRecord record) {
    long epoch = range.epoch();
    if (epoch != 0) {
      return record.getEpoch() > epoch;
    }
    return range.readEpoch() != 0
        && record.getEpoch() > range.readEpoch()
        && !record.getOwner().equals(shardId);
  }

  private void fetchMissing(ClusterView view) {
    for (int rangeId = 0; rangeId < table.rangeCount(); rangeId++) {
      if (assigned(view, rangeId).equals(shardId)
          && !held.containsKey(rangeId)
          && !resting.contains(rangeId)) {
        fetch(rangeId, view);
      }
    }
  }

  /** Takes a range that nobody serves; of one that a live shard serves, begins the hand-off. */
  private void fetch(int rangeId, ClusterView view) {
    RangeRecord record = view.ranges().get(rangeId);
    String owner = record.getOwner();
    boolean elsewhere =
        record.getServing() && !owner.equals(shardId) && view.members().containsKey(owner);
    HandOff coming = incoming.get(rangeId);
    if (coming != null) {
      if (elsewhere) {
        coming.ownerIs(owner, record.getEpoch());
      } else {
        coming.ownerIsGone();
      }
    } else if (!elsewhere) {
      OwnedRange range = newTenure(rangeId);
      held.put(rangeId, range);
      range.open(journals).thenRun(() -> opened(range));
    } else if (incoming.size() < HAND_OFFS_AT_ONCE) {
      OwnedRange range = newTenure(rangeId);
      range.follow(journals);
      HandOff handOff =
          new HandOff(
              range,
              owner,
              record.getEpoch(),
              requests,
              loops.loopOf(rangeId),
              scheduler,
              meters,
              this::take);
      incoming.put(rangeId, handOff);
      handOff.begin();
    }
  }

  private OwnedRange newTenure(int rangeId) {
    return new OwnedRange(
        rangeId,
        shardId,
        table,
        settings,
        clock,
        loops.loopOf(rangeId),
        loops.replayer(),
        loops.snapshotTurns(),
        budget,
        meters,
        this::afterLoss);
  }

  /** Takes a range that was followed, unless it is not wanted any more. */
  private CompletableFuture<Void> take(HandOff handOff, Optional<HandedOff> handedOff) {
    OwnedRange range = handOff.range();
    synchronized (this) {
      if (!incoming.remove(range.rangeId(), handOff)) {
        return CompletableFuture.completedFuture(null);
      }
      held.put(range.rangeId(), range);
    }
    return range.take(handedOff).thenRun(() -> opened(range)).thenRun(this::fetchNext);
  }

  /** There is room for another hand-off. */
  private synchronized void fetchNext() {
    if (latest != null && !closed) {
      fetchMissing(latest);
    }
  }

  private synchronized void opened(OwnedRange range) {
    reopenDelayMillis = FIRST_REOPEN_DELAY_MILLIS;
    if (latest != null) {
      // Views that came while it was being opened found nobody to tell.
      namespaceEndings.compare(range, latest);
      range.redefineNamespaces(latest.namespaces().values());
    }
  }

  private CompletableFuture<Optional<HandedOff>> release(OwnedRange range) {
    held.remove(range.rangeId(), range);
    return leave(range);
  }

  private CompletableFuture<Optional<HandedOff>> leave(OwnedRange range) {
    CompletableFuture<Optional<HandedOff>> released = range.release();
    leaving.put(range, released);
    released.thenRun(() -> leaving.remove(range));
    return released;
  }

  /**
   * Gives a range up to the shard that it is assigned to.
   *
   * @param epoch this shard's, as the other one knows it
   * @param to the other shard
   * @return completes when the journal is closed, with what the other shard has to find; empty if
   *     this one does not serve the range. Fails with {@link HandOffRefusedException} if it goes on
   *     serving
   */
  public synchronized CompletableFuture<Optional<HandedOff>> handOff(
      int rangeId, long epoch, String to) {
    OwnedRange range = held.get(rangeId);
    if (range == null) {
      return leaving.entrySet().stream()
          .filter(left -> left.getKey().rangeId() == rangeId)
          .findFirst()
          .map(Map.Entry::getValue)
          .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty()));
    }
    String assigned = latest == null ? "" : assigned(latest, rangeId);
    if (range.state() != RangeState.SERVING || range.epoch() != epoch || !assigned.equals(to)) {
      return CompletableFuture.failedFuture(
          new HandOffRefusedException(
              "range: "
                  + rangeId
                  + ", assigned to "
                  + assigned
                  + ", "
                  + range.state()
                  + " at epoch "
                  + range.epoch()
                  + " (expected: assigned to "
                  + to
                  + ", SERVING at epoch "
                  + epoch
                  + ")"));
    }
    return release(range);
  }

  /**
   * A lost range that is still assigned here is opened again, ever later while nothing opens. One
   * that can still be read from stays held until then. A fenced one need not rest: the view that
   * tells who has it is what it waits for.
   */
  private synchronized void afterLoss(OwnedRange range) {
    if (range.queriesLeft() == null || closed) {
      held.remove(range.rangeId(), range);
    }
    incoming.values().removeIf(handOff -> handOff.range() == range);
    if (range.state() != RangeState.FENCED) {
      resting.add(range.rangeId());
    }
    if (closed || reopenScheduled) {
      return;
    }
    reopenScheduled = true;
    long delayMillis = reopenDelayMillis;
    if (range.state() == RangeState.FENCED) {
      delayMillis = Math.max(delayMillis, FENCED_REOPEN_DELAY_MILLIS);
    } else {
      reopenDelayMillis = Math.min(2 * reopenDelayMillis, MAX_REOPEN_DELAY_MILLIS);
    }
    scheduler.schedule(this::reconcileAgain, delayMillis, TimeUnit.MILLISECONDS);
  }

  private synchronized void reconcileAgain() {
    reopenScheduled = false;
    resting.clear();
    if (latest != null) {
      reconcile(latest);
      all().forEach(this::reopen);
    }
  }

  /** Tries again to take increments for a range that is only read from. */
  private void reopen(OwnedRange range) {
    RangeQueries left = range.queriesLeft();
    if (left != null && !closed) {
      OwnedRange next = newTenure(range.rangeId());
      held.put(range.rangeId(), next);
      next.reopen(journals, left).thenRun(() -> opened(next));
    }
  }

  /** How many ranges there are in the cluster. */
  public int rangeCount() {
    return table.rangeCount();
  }

  /**
   * The range, if this shard holds it in whatever state. One that still finishes what is in flight
   * is held; one that another shard has not handed off yet is not.
   */
  public Optional<OwnedRange> find(int rangeId) {
    OwnedRange range = held.get(rangeId);
    if (range != null || leaving.isEmpty()) {
      return Optional.ofNullable(range);
    }
    return leaving.keySet().stream()
        .filter(left -> left.rangeId() == rangeId && left.state() == RangeState.HANDING_OFF)
        .findFirst();
  }

  /** All that are held. */
  public Collection<OwnedRange> all() {
    return List.copyOf(held.values());
  }

  /** What reads the journals of the ranges held here beside them. */
  public RangeAudit audit() {
    return audit;
  }

  private int countIn(RangeState state) {
    return (int)
        Stream.of(
                held.values().stream(),
                leaving.keySet().stream(),
                incoming.values().stream().map(HandOff::range))
            .flatMap(Function.identity())
            .filter(range -> range.state() == state)
            .count();
  }

  /** The names of the namespaces in the latest view. */
  synchronized Set<String> namespaces() {
    return latest == null ? Set.of() : latest.namespaces().keySet();
  }

  /** Releases everything and opens nothing any more; completes when all journals are closed. */
  public CompletableFuture<Void> close() {
    synchronized (this) {
      closed = true;
      incoming.values().forEach(handOff -> leave(handOff.range()));
      incoming.clear();
      all().forEach(this::release);
    }
    return CompletableFuture.allOf(leaving.values().toArray(CompletableFuture[]::new));
  }
}
