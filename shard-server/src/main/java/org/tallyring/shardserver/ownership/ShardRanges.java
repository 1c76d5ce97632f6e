package org.tallyring.shardserver.ownership;

import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
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
 */
public final class ShardRanges {

  private static final Logger log = LoggerFactory.getLogger(ShardRanges.class);

  private static final long FIRST_REOPEN_DELAY_MILLIS = 100;
  private static final long MAX_REOPEN_DELAY_MILLIS = 5_000;

  private final String shardId;
  private final RangeTable table;
  private final RangeJournals journals;
  private final RangeLoops loops;
  private final RangeSettings settings;
  private final InstantSource clock;
  private final ScheduledExecutorService scheduler;
  private final ShardMeters meters;
  private final InFlightBudget budget;
  private final NamespaceEndings namespaceEndings;
  private final RangeAudit audit;

  private final Map<Integer, OwnedRange> held = new ConcurrentHashMap<>();

  /** What is released and has not closed its journal yet. */
  private final Map<OwnedRange, CompletableFuture<Void>> leaving = new ConcurrentHashMap<>();

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
      NamespaceStore namespaces,
      RangeLoops loops,
      RangeSettings settings,
      InstantSource clock,
      ScheduledExecutorService scheduler,
      ShardMeters meters) {
    this.shardId = shardId;
    this.table = table;
    this.journals = journals;
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
    List<String> owners = view.assignment().value().getOwnersList();
    for (int rangeId = 0; rangeId < table.rangeCount(); rangeId++) {
      boolean assigned = rangeId < owners.size() && owners.get(rangeId).equals(shardId);
      OwnedRange range = held.get(rangeId);
      if (assigned && range == null) {
        open(rangeId);
      } else if (!assigned && range != null) {
        release(range);
      } else if (range != null && takenByAnother(range, view.ranges().get(rangeId))) {
        log.info("range {}: taken by {}", rangeId, view.ranges().get(rangeId).getOwner());
        release(range);
      }
    }
    namespaceEndings.compare(view);
    // A view that is behind does no harm here: an older revision changes nothing.
    all().forEach(range -> range.redefineNamespaces(view.namespaces().values()));
  }

  private boolean takenByAnother(OwnedRange range, RangeRecord record) {
    return range.epoch() != 0 && record.getEpoch() > range.epoch();
  }

  private void open(int rangeId) {
    OwnedRange range =
        new OwnedRange(
            rangeId,
            shardId,
            table,
            settings,
            clock,
            loops.loopOf(rangeId),
            loops.snapshotWriter(),
            budget,
            meters,
            this::afterLoss);
    held.put(rangeId, range);
    range.open(journals).thenRun(() -> opened(range));
  }

  private synchronized void opened(OwnedRange range) {
    reopenDelayMillis = FIRST_REOPEN_DELAY_MILLIS;
    if (latest != null) {
      // Views that came while it was being opened found nobody to tell.
      namespaceEndings.compare(range, latest);
      range.redefineNamespaces(latest.namespaces().values());
    }
  }

  private void release(OwnedRange range) {
    held.remove(range.rangeId(), range);
    CompletableFuture<Void> released = range.release();
    leaving.put(range, released);
    released.thenRun(() -> leaving.remove(range));
  }

  /** A lost range that is still assigned here is opened again, ever later while nothing opens. */
  private synchronized void afterLoss(OwnedRange range) {
    held.remove(range.rangeId(), range);
    if (closed || reopenScheduled) {
      return;
    }
    reopenScheduled = true;
    scheduler.schedule(this::reconcileAgain, reopenDelayMillis, TimeUnit.MILLISECONDS);
    reopenDelayMillis = Math.min(2 * reopenDelayMillis, MAX_REOPEN_DELAY_MILLIS);
  }

  private synchronized void reconcileAgain() {
    reopenScheduled = false;
    if (latest != null) {
      reconcile(latest);
    }
  }

  /** The range, if this shard holds it in whatever state. */
  public Optional<OwnedRange> find(int rangeId) {
    return Optional.ofNullable(held.get(rangeId));
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
        Stream.concat(held.values().stream(), leaving.keySet().stream())
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
      all().forEach(this::release);
    }
    return CompletableFuture.allOf(leaving.values().toArray(CompletableFuture[]::new));
  }
}
