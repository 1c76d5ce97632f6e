package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

/**
 * The state of one range: a deterministic fold over its journal. Not thread-safe; a range has one
 * writer, which also reads. What leaves the writer's thread is what {@link #publish} returns.
 *
 * <p>{@link #apply} sees nothing but the entries: no clock, no randomness, and of definitions only
 * those in the journal. So recovery, hand-off and restore are one operation, and two engines that
 * applied the same entries, with or without snapshots in between, answer everything alike and write
 * the same snapshot.
 *
 * <p>Apply does not validate. What is in the journal has passed {@link BatchValidator} and the
 * overflow checks here, and was acknowledged or may be; refusing it later would lose it. Only what
 * cannot come from a correct owner fails, with {@link IllegalStateException}, after which the
 * engine must not be used.
 */
public final class RangeEngine {

  /** What {@link #definitionRevision} says of a namespace without a definition. */
  public static final long UNDEFINED = -1;

  private static final int[] NO_ROWS = {};

  private final RangeState state;
  private final RankingPublisher publisher = new RankingPublisher();
  private final BatchColumns columns = new BatchColumns();
  private final RowBlock rows = new RowBlock();

  private final BitSet duplicates = new BitSet();
  private final List<int[]> duplicateRows = new ArrayList<>();

  /** Scratch for the counts of several buckets, all 0 between questions. */
  private final CountSum sum = new CountSum();

  /** Numbers the batches applied by this process; tells one batch from the next, nothing else. */
  private long batches;

  /** Before this journal time no window becomes final; known anew after a restore. */
  private long nextSealMillis = Long.MIN_VALUE;

  /** The state before the first entry. */
  public RangeEngine(int rangeId) {
    this(new RangeState(rangeId));
  }

  private RangeEngine(RangeState state) {
    this.state = state;
    state.events.journalTime(state.journalTimeMillis);
  }

  /**
   * The state that a snapshot holds.
   *
   * @param chunks what {@link #snapshot} returned
   * @throws IllegalArgumentException if they cannot be read, or are of another range or layout
   */
  public static RangeEngine restore(int rangeId, List<byte[]> chunks) {
    return new RangeEngine(SnapshotReader.read(rangeId, chunks));
  }

  /**
   * Applies one entry of the journal. Headers change nothing.
   *
   * @throws IllegalStateException if the entry cannot follow: it skips a session's sequence, is of
   *     a kind not known here, or cannot be read
   */
  public void apply(JournalEntry entry) {
    duplicateRows.clear();
    switch (entry.getContentCase()) {
      case HEADER -> {}
      case BATCHES -> entry.getBatches().getBatchesList().forEach(this::apply);
      case NAMESPACE_DELETED -> {
        long uid = entry.getNamespaceDeleted().getNamespaceUid();
        state.namespaces.remove(uid);
        state.restores.drop(uid);
        state.deletedNamespaceUids.add(uid);
      }
      case NAMESPACE_DEFINED -> define(entry.getNamespaceDefined().getDefinition());
      case NAMESPACE_RESTORED -> {
        if (!state.namespaces.containsKey(entry.getNamespaceRestored().getNamespaceUid())) {
          long added = state.restores.apply(entry.getNamespaceRestored());
          state.absoluteSum = AbsoluteSum.add(state.absoluteSum, added);
        }
      }
      case CONTENT_NOT_SET ->
          throw new IllegalStateException("the journal holds an entry of a kind not known here");
    }
  }

  private void define(NamespaceDefinition definition) {
    long uid = definition.getUid();
    if (!state.deletedNamespaceUids.contains(uid)) {
      beginToServe(state.restores.finish(definition), definition);
      NamespaceCounts namespace =
          state.namespaces.computeIfAbsent(
              uid, absent -> new NamespaceCounts(absent, definition.getName()));
      if (namespace.define(definition, state.events)) {
        state.events.metricsUpdated(namespace.name(), definition.getRevision());
        nextSealMillis = Long.MIN_VALUE;
      }
    }
  }

  /** The one place in the journal at which a restored namespace takes another one's. */
  private void beginToServe(Restores.@Nullable Restore restored, NamespaceDefinition definition) {
    if (restored != null) {
      NamespaceCounts counts = restored.counts();
      state.namespaces.put(counts.uid(), counts);
      state.events.snapshotRestored(counts.name(), restored.snapshot(), counts.keys().size());
    }
    long replaced = definition.getReplacesUid();
    if (replaced != 0) {
      state.namespaces.remove(replaced);
      state.deletedNamespaceUids.add(replaced);
    }
  }

  private void apply(AcceptedBatch accepted) {
    read(accepted);
    state.journalTimeMillis = Math.max(state.journalTimeMillis, accepted.getAcceptedAtMillis());
    state.events.journalTime(state.journalTimeMillis);
    state.sessions.sweep(state.journalTimeMillis);
    if (!accepted.getSessionId().isEmpty()) {
      state.sessions.advance(accepted.getSessionId(), columns.sequence(), state.journalTimeMillis);
    }
    long uid = accepted.getNamespaceUid();
    if (state.deletedNamespaceUids.contains(uid)) {
      duplicateRows.add(NO_ROWS);
      return;
    }
    NamespaceCounts namespace =
        state.namespaces.computeIfAbsent(
            uid,
            absent -> {
              nextSealMillis = Long.MIN_VALUE;
              return new NamespaceCounts(absent, columns.namespace());
            });
    tellSealed();
    batches++;
    duplicates.clear();
    long added =
        namespace.add(
            accepted,
            columns,
            batches,
            state.increments,
            state.journalTimeMillis,
            rows,
            duplicates,
            state.events);
    duplicateRows.add(duplicates.isEmpty() ? NO_ROWS : duplicates.stream().toArray());
    state.absoluteSum = AbsoluteSum.add(state.absoluteSum, added);
    state
        .events
        .hits()
        .take(accepted, columns, state.increments + 1, state.journalTimeMillis, duplicates);
    // A row with an event id, hence a duplicate, is one increment.
    state.increments += columns.increments() - duplicates.cardinality();
  }

  private void read(AcceptedBatch accepted) {
    try {
      columns.read(accepted.getBatch());
    } catch (InvalidProtocolBufferException malformed) {
      throw new IllegalStateException("the journal holds a batch that cannot be read", malformed);
    }
  }

  /**
   * The rows, rising, that did not count because their event ids had counted already.
   *
   * @param batch the index of a batch in the entry that was applied last
   */
  public int[] duplicateRows(int batch) {
    return duplicateRows.get(batch).clone();
  }

  /**
   * Whether the event id of a row that is accepted at a time is known with another payload. It
   * speaks of this state: what is on its way into the journal must be looked at apart.
   */
  public boolean contradicts(long namespaceUid, IdentifiedRow row, long acceptedAtMillis) {
    NamespaceCounts namespace = state.namespaces.get(namespaceUid);
    return namespace != null
        && namespace.verdict(row.key().toByteArray(), row.id(), row.payload(), acceptedAtMillis)
            == EventIdTable.Verdict.CONTRADICTION;
  }

  /** Tells the windows that became final, in all namespaces. */
  private void tellSealed() {
    if (state.journalTimeMillis >= nextSealMillis) {
      nextSealMillis = Long.MAX_VALUE;
      for (NamespaceCounts namespace : state.namespaces.values()) {
        nextSealMillis =
            Math.min(nextSealMillis, namespace.tellSealed(state.journalTimeMillis, state.events));
      }
    }
  }

  /**
   * The whole state, to be written down on another thread while this engine goes on.
   *
   * @param maxChunkBytes how large a chunk may be; at least {@value SnapshotWriter#MIN_CHUNK_BYTES}
   */
  public SnapshotCut cut(int maxChunkBytes) {
    return SnapshotWriter.cut(state, maxChunkBytes);
  }

  /**
   * The whole state.
   *
   * @param maxChunkBytes how large a chunk may be; at least {@value SnapshotWriter#MIN_CHUNK_BYTES}
   * @return length-delimited {@code SnapshotPiece}s; none straddles two chunks
   * @throws IllegalArgumentException if a piece that cannot be divided is larger than a chunk
   */
  public List<byte[]> snapshot(int maxChunkBytes) {
    return cut(maxChunkBytes).write();
  }

  /**
   * How a snapshot differs from this state, which a replay of the same entries gave. The bytes are
   * compared first; only when they differ every count of both is looked at.
   *
   * @param stored the snapshot
   * @param maxChunkBytes how large its chunks may be
   * @param most how many differences to name
   * @throws IllegalArgumentException if the snapshot differs and cannot be read
   */
  public StateDifferences differencesOf(List<byte[]> stored, int maxChunkBytes, int most) {
    return SnapshotReader.isSame(stored, snapshot(maxChunkBytes))
        ? StateDifferences.NONE
        : StateComparison.compare(SnapshotReader.read(state.rangeId, stored), state, most);
  }

  /**
   * What is held of one namespace, to be written down on another thread, for a snapshot of the
   * namespace; null if nothing is.
   *
   * @param maxChunkBytes as for {@link #cut(int)}
   */
  public @Nullable SnapshotCut cutNamespace(long namespaceUid, int maxChunkBytes) {
    NamespaceCounts namespace = state.namespaces.get(namespaceUid);
    return namespace == null ? null : SnapshotWriter.cut(namespace, maxChunkBytes);
  }

  /** How many distinct keys a namespace has. */
  public long keys(long namespaceUid) {
    NamespaceCounts namespace = state.namespaces.get(namespaceUid);
    return namespace == null ? 0 : namespace.keys().size();
  }

  /**
   * The sequence of the last piece applied of a namespace that is being restored; 0 if none is, or
   * a piece could not be applied. Nothing else here knows of such a namespace.
   */
  public long restoredUpTo(long namespaceUid) {
    return state.restores.lastSequence(namespaceUid);
  }

  /** The newest definitions of all namespaces that have one. */
  public List<NamespaceDefinition> definitions() {
    return state.namespaces.values().stream()
        .filter(namespace -> namespace.definitionRevision() != UNDEFINED)
        .map(NamespaceCounts::definition)
        .toList();
  }

  /** The last sequence applied in a session, or -1 for a session that is unknown or forgotten. */
  public long lastSequence(ByteString sessionId) {
    return state.sessions.lastSequence(sessionId);
  }

  /**
   * Whether some count might leave 64 bits if deltas were applied: a bound from one addition, wrong
   * only on the safe side. When it says yes, {@link #overflowingRows} says which rows.
   *
   * @param absoluteSumPending the sum of the absolute values of all deltas that are not applied yet
   */
  public boolean couldOverflow(long absoluteSumPending) {
    return absoluteSumPending < 0 || absoluteSumPending > Long.MAX_VALUE - state.absoluteSum;
  }

  /**
   * The rows that must be refused because a count of their key would leave 64 bits in one of the
   * buckets that are kept, if the others were applied in order; rising. Exact for this state, so no
   * other batch may be on its way into the journal meanwhile. Slow.
   *
   * @param columns of the batch
   */
  public int[] overflowingRows(AcceptedBatch batch, BatchColumns columns) {
    return new OverflowCheck(state, columns).overflowingRows(batch);
  }

  /**
   * The count of a key in an interval, 0 if there is none.
   *
   * @param interval must be {@link #kept}, as for the other questions about intervals: else counts
   *     are missing
   */
  public long count(long namespaceUid, String metric, Interval interval, byte[] key) {
    MetricCounts counts = state.metric(namespaceUid, metric);
    return counts == null ? 0 : counts.count(interval, key);
  }

  /** The counts of a key in the buckets of an interval, one for each, in the order of time. */
  public long[] series(long namespaceUid, String metric, Interval interval, byte[] key) {
    MetricCounts counts = state.metric(namespaceUid, metric);
    return counts == null ? new long[interval.size()] : counts.series(interval, key);
  }

  /** How many batches corrected the buckets of an interval after they were final. */
  public long revision(long namespaceUid, String metric, Interval interval) {
    MetricCounts counts = state.metric(namespaceUid, metric);
    return counts == null ? 0 : counts.revision(interval);
  }

  /** The best {@code k} keys of an interval. */
  public Ranking ranking(long namespaceUid, String metric, Interval interval, int k) {
    MetricCounts counts = state.metric(namespaceUid, metric);
    return counts == null ? Ranking.EMPTY : counts.ranking(interval, k, sum);
  }

  /**
   * The start of the first bucket of a level that was never retired in a namespace: everything that
   * belongs there or later was counted there. It only ever rises.
   *
   * @return {@link Long#MIN_VALUE} when nothing was retired
   */
  public long keptFrom(long namespaceUid, WindowLevel level) {
    NamespaceCounts namespace = state.held(namespaceUid);
    return namespace == null ? RetentionEdges.NONE : namespace.edges().of(level);
  }

  /**
   * From when on everything is here that was counted with a metric in buckets as those of an
   * interval, and in coarser ones. A sliding window keeps nothing from before its horizon. Finest
   * buckets can be put together of shorter ones of the metric; where they cannot, nothing so far is
   * here, and what will be counted after a swap to them.
   */
  public KeptBuckets kept(long namespaceUid, String metric, Interval interval) {
    NamespaceCounts namespace = state.held(namespaceUid);
    return namespace == null ? KeptBuckets.EVERYTHING : namespace.kept(metric, interval);
  }

  /** How good the counts of an interval are. */
  public CountQuality quality(long namespaceUid, String metric, Interval interval) {
    MetricCounts counts = state.metric(namespaceUid, metric);
    return counts == null ? CountQuality.EXACT : counts.quality(interval);
  }

  /** What a metric has counted and holds. Slow: it looks at every bucket. */
  public MetricStats stats(long namespaceUid, String metric) {
    MetricCounts counts = state.metric(namespaceUid, metric);
    return counts == null ? new MetricStats(0, 0, 0, 0, 0) : counts.stats();
  }

  /** Every metric that was ever counted here, and what it holds. Slow, as {@link #stats}. */
  public List<MetricAccount> accounts() {
    List<MetricAccount> accounts = new ArrayList<>();
    for (NamespaceCounts namespace : state.namespaces.values()) {
      for (MetricCounts metric : namespace.metrics()) {
        accounts.add(
            new MetricAccount(
                namespace.name(), metric.name(), metric.strategy().name(), metric.stats()));
      }
    }
    return accounts;
  }

  /** What every metric that was ever counted here has counted. */
  public List<MetricTally> tallies() {
    List<MetricTally> tallies = new ArrayList<>();
    for (NamespaceCounts namespace : state.namespaces.values()) {
      for (MetricCounts metric : namespace.metrics()) {
        tallies.add(
            new MetricTally(
                namespace.uid(),
                namespace.name(),
                metric.name(),
                metric.hits(),
                metric.prunedEver(),
                metric.lateIncrements(),
                metric.beyondRetention()));
      }
    }
    return tallies;
  }

  /** The names of the namespaces that something is held of, by uid. */
  public Map<Long, String> namespaces() {
    Map<Long, String> names = new HashMap<>();
    state.namespaces.values().forEach(each -> names.put(each.uid(), each.name()));
    return names;
  }

  /** The newest definition of a namespace in the journal, or null. */
  public @Nullable NamespaceDefinition definition(long namespaceUid) {
    NamespaceCounts namespace = state.namespaces.get(namespaceUid);
    return namespace == null || namespace.definitionRevision() == UNDEFINED
        ? null
        : namespace.definition();
  }

  /**
   * The revision of the newest definition of a namespace in the journal, or {@link #UNDEFINED}. A
   * definition takes effect here at its place in the journal and nowhere else.
   */
  public long definitionRevision(long namespaceUid) {
    NamespaceCounts namespace = state.namespaces.get(namespaceUid);
    return namespace == null ? UNDEFINED : namespace.definitionRevision();
  }

  /** How many increments of a metric came after their hour was final. */
  public long lateIncrements(long namespaceUid, String metric) {
    MetricCounts counts = state.metric(namespaceUid, metric);
    return counts == null ? 0 : counts.lateIncrements();
  }

  /** How many increments of a metric were too old for some bucket. */
  public long beyondRetention(long namespaceUid, String metric) {
    MetricCounts counts = state.metric(namespaceUid, metric);
    return counts == null ? 0 : counts.beyondRetention();
  }

  /** How many increments of all metrics held now came after their hour was final. */
  public long lateIncrements() {
    return sumOverMetrics(MetricCounts::lateIncrements);
  }

  /** How many increments of all metrics held now were too old for some bucket. */
  public long beyondRetention() {
    return sumOverMetrics(MetricCounts::beyondRetention);
  }

  private long sumOverMetrics(ToLongFunction<MetricCounts> counter) {
    return state.namespaces.values().stream()
        .flatMap(namespace -> namespace.metrics().stream())
        .mapToLong(counter)
        .sum();
  }

  /** Everything about rankings that {@link #ranking} does not answer. */
  public RankingReads rankings() {
    return new RankingReads(state);
  }

  /** The highest event time seen in a namespace; the least number if there is none. */
  public long watermarkMillis(long namespaceUid) {
    NamespaceCounts namespace = state.held(namespaceUid);
    return namespace == null ? Long.MIN_VALUE : namespace.watermarkMillis();
  }

  /**
   * The rankings of the open windows (those that contain {@code nowMillis}, and all time) of all
   * metrics. Only windows that were added to since the last call are scanned.
   *
   * @param k how many keys of each
   * @return the same object as the last call if nothing in it would differ
   */
  public PublishedRankings publish(long nowMillis, int k) {
    return publish(nowMillis, k, RankingFloors.OF_NOTHING);
  }

  /** As {@link #publish(long, int)}, and keys with counts below the floors may be left out. */
  public PublishedRankings publish(long nowMillis, int k, RankingFloors floors) {
    return publisher.publish(state.namespaces.values(), nowMillis, k, floors);
  }

  /** What a watcher has not seen yet of what happened here. */
  public EventPage events(EventQuery query) {
    return state.events.read(query);
  }

  /** Rises with every event, sampled hits among them. */
  public long eventsSoFar() {
    return state.events.lastNumber() + state.events.hits().taken();
  }

  /** Sets which share of the increments is kept as hits for {@link #events}; 0 at first. */
  public void sampleHits(double rate) {
    state.events.hits().rate(rate);
  }

  /** How many distinct keys there are, over all namespaces. */
  public long keys() {
    return state.namespaces.values().stream().mapToLong(each -> each.keys().size()).sum();
  }

  /** How many increments were ever applied. */
  public long increments() {
    return state.increments;
  }

  /** The newest acceptance time in the journal, in milliseconds since 1970-01-01T00:00:00Z. */
  public long journalTimeMillis() {
    return state.journalTimeMillis;
  }
}
