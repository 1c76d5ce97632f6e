package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.engine.strategy.Strategy;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

/** What one range knows of one namespace: its keys and, metric by metric, their counts. */
final class NamespaceCounts {

  private static final boolean[] NONE = {};

  private final long uid;
  private final String name;
  private final KeyTable keys;
  private final RetentionEdges edges = new RetentionEdges();
  private final UnsealedBuckets unsealed = new UnsealedBuckets();
  private final Thresholds thresholds = new Thresholds();
  private final WindowSealing sealing = new WindowSealing();
  private final List<MetricCounts> metrics = new ArrayList<>();
  private final Map<String, MetricCounts> metricsByName = new HashMap<>();
  private @Nullable NamespaceDefinition definition;
  private long watermarkMillis = Long.MIN_VALUE;

  /** Null until the first increment with an event id. */
  private @Nullable EventIdTable eventIds;

  /** A namespace without keys. */
  NamespaceCounts(long uid, String name) {
    this.uid = uid;
    this.name = name;
    this.keys = new KeyTable(name);
  }

  long uid() {
    return uid;
  }

  String name() {
    return name;
  }

  KeyTable keys() {
    return keys;
  }

  /** The highest event time seen. */
  long watermarkMillis() {
    return watermarkMillis;
  }

  /** From where on what is kept. */
  RetentionEdges edges() {
    return edges;
  }

  /** The newest definition in the journal; without one, that which leaves everything unsaid. */
  NamespaceDefinition definition() {
    return definition == null ? NamespaceDefinition.getDefaultInstance() : definition;
  }

  /** The revision of the newest definition in the journal, or {@link RangeEngine#UNDEFINED}. */
  long definitionRevision() {
    return definition == null ? RangeEngine.UNDEFINED : definition.getRevision();
  }

  /** The rules of the definition. */
  Thresholds thresholds() {
    return thresholds;
  }

  /** Up to where windows were told as sealed. */
  WindowSealing sealing() {
    return sealing;
  }

  /**
   * Takes a definition, unless the one held is as new, retires what it no longer keeps, and swaps
   * the strategies that it changes.
   *
   * @return whether it was taken
   */
  boolean define(NamespaceDefinition candidate, EventLog events) {
    if (candidate.getRevision() <= definitionRevision()) {
      return false;
    }
    definition = candidate;
    retire();
    metrics.forEach(metric -> metric.swap(strategyOf(metric.name()), watermarkMillis, events));
    thresholds.define(candidate.getRulesList(), this);
    return true;
  }

  /**
   * Tells the windows that became final.
   *
   * @return before which journal time no other one does
   */
  long tellSealed(long journalTimeMillis, EventLog events) {
    return sealing.advance(
        this, journalTimeMillis, Namespaces.latenessMillis(definition()), events);
  }

  /** The strategy of a metric by the definition held. */
  private Strategy strategyOf(String metric) {
    for (MetricDefinition each : definition().getMetricsList()) {
      if (each.getName().equals(metric)) {
        return Strategy.of(each);
      }
    }
    return new Strategy.FixedWindow();
  }

  /** Sets what a snapshot says. */
  void restore(@Nullable NamespaceDefinition restoredDefinition, long restoredWatermark) {
    definition = restoredDefinition;
    thresholds.define(definition().getRulesList(), this);
    watermarkMillis = restoredWatermark;
  }

  /**
   * Takes in how far another range's part of the namespace reaches: from then on this one keeps no
   * more than both do.
   *
   * @param keptFromMillis one for each of {@link RetentionEdges#LEVELS}
   */
  void keepLess(long otherWatermarkMillis, List<Long> keptFromMillis) {
    watermarkMillis = Math.max(watermarkMillis, otherWatermarkMillis);
    for (int i = 0; i < RetentionEdges.LEVELS.length; i++) {
      WindowLevel level = RetentionEdges.LEVELS[i];
      edges.restore(level, Math.max(edges.of(level), keptFromMillis.get(i)));
    }
    edges.advance(definition(), watermarkMillis);
    dropRetired();
  }

  /** The event ids, or null when there was never one. */
  @Nullable EventIdTable eventIds() {
    return eventIds;
  }

  /** The event ids, made if there was never one. */
  EventIdTable eventIdsForWriting() {
    EventIdTable table = eventIds;
    if (table == null) {
      table = new EventIdTable();
      eventIds = table;
    }
    return table;
  }

  /**
   * What is known of the event id of an increment accepted at a time, in this state.
   *
   * @param key the increment's key
   */
  EventIdTable.Verdict verdict(byte[] key, EventId id, long payload, long acceptedAtMillis) {
    EventIdTable table = eventIds;
    int slot = table == null ? KeyTable.NO_SLOT : keys.slotOf(key);
    return table == null || slot == KeyTable.NO_SLOT
        ? EventIdTable.Verdict.NEW
        : table.verdict(
            id,
            slot,
            payload,
            table.forgottenBefore(acceptedAtMillis, Namespaces.eventIdHorizonMillis(definition())));
  }

  /** The metrics that were ever counted, in the order of their first increments. */
  List<MetricCounts> metrics() {
    return metrics;
  }

  /** A metric, or null when nothing was ever counted with it. */
  @Nullable MetricCounts metric(String metric) {
    return metricsByName.get(metric);
  }

  /** A metric, made if there is none. */
  MetricCounts metricForWriting(String metric) {
    MetricCounts counts = metricsByName.get(metric);
    if (counts == null) {
      Strategy strategy = strategyOf(metric);
      MetricBuckets buckets =
          new MetricBuckets(edges, unsealed, MetricCounts.storedWidth(strategy));
      counts = new MetricCounts(name, metric, keys, buckets, strategy);
      metricsByName.put(metric, counts);
      metrics.add(counts);
    }
    return counts;
  }

  /**
   * Adds the rows of a batch, except those whose event ids have counted already.
   *
   * <p>First the watermark takes in the whole batch, then every row is judged by it. So what a
   * batch does to the counts does not depend on the order of its rows, and no bucket is made only
   * to be retired at the end.
   *
   * @param columns of the batch
   * @param number the number of the batch in this process, rising from 1
   * @param increments how many increments the range applied before
   * @param journalTimeMillis the newest acceptance time in the journal
   * @param rows scratch
   * @param duplicates takes the rows that do not count
   * @param events where to tell what happens
   * @return the sum of the absolute values of the deltas of those that do, or the largest number
   */
  long add(
      AcceptedBatch accepted,
      BatchColumns columns,
      long number,
      long increments,
      long journalTimeMillis,
      RowBlock rows,
      BitSet duplicates,
      EventLog events) {
    watermarkMillis = Math.max(watermarkMillis, columns.highestTimeMillis(accepted));
    retire();
    seal();
    long latenessMillis = Namespaces.latenessMillis(definition());
    EventIdColumn ids = EventIdColumn.isIn(columns) ? new EventIdColumn(columns) : null;
    if (ids != null) {
      eventIdsForWriting();
    }
    if (eventIds != null) {
      eventIds.advance(
          journalTimeMillis,
          Namespaces.eventIdHorizonMillis(definition()),
          columns.eventIdLengths.size());
    }
    // Only metrics that rows refer to come to be, hence the look-up at the row.
    @Nullable MetricCounts[] batchMetrics = new MetricCounts[columns.metricCount()];
    long absoluteSum = 0;
    boolean[] slotless = slotless(columns);
    int keyOffset = 0;
    int userOffset = 0;
    int loaded;
    long counted = increments;
    long baseTimeMillis = columns.baseTimeMillis(accepted);
    for (int row = 0; row < columns.rows(); row += loaded) {
      rows.load(columns, baseTimeMillis, row, keyOffset, userOffset);
      loaded = rows.size;
      keyOffset += rows.keyBytes();
      userOffset += rows.userBytes();
      // Event ids are remembered by slot.
      resolve(rows, ids == null ? slotless : NONE);
      if (ids != null) {
        dropDuplicates(ids, EventIdTable.tickOf(journalTimeMillis), rows, row, duplicates);
      }
      rows.firstIncrement = counted;
      counted += rows.size;
      addBlock(accepted, columns, latenessMillis, number, rows, batchMetrics, events);
      absoluteSum = AbsoluteSum.add(absoluteSum, rows.absoluteSum());
    }
    return absoluteSum;
  }

  /** Which of the batch's metrics give no slots to keys; empty if none does. */
  private boolean[] slotless(BatchColumns columns) {
    boolean[] slotless = NONE;
    for (int i = 0; i < columns.metricCount(); i++) {
      if (strategyOf(columns.metric(i)) instanceof Strategy.HeavyHitters) {
        slotless = slotless.length == 0 ? new boolean[columns.metricCount()] : slotless;
        slotless[i] = true;
      }
    }
    return slotless;
  }

  /** Finds the slots of all rows but those that must not take one, in their order. */
  private void resolve(RowBlock rows, boolean[] slotless) {
    if (slotless.length == 0) {
      keys.resolve(rows);
      return;
    }
    for (int i = 0; i < rows.size; i++) {
      rows.slots[i] =
          slotless[rows.metricIndexes[i]]
              ? KeyTable.NO_SLOT
              : keys.slotOfAdded(
                  rows.keys, rows.keyStarts[i], rows.keyStarts[i + 1] - rows.keyStarts[i]);
    }
  }

  private void dropDuplicates(
      EventIdColumn ids, int tick, RowBlock rows, int firstRow, BitSet duplicates) {
    EventIdTable table = eventIdsForWriting();
    int kept = 0;
    for (int i = 0; i < rows.size; i++) {
      EventId id = ids.next();
      if (id == null || table.add(id, rows.slots[i], ids.payload(), tick)) {
        rows.move(i, kept++);
      } else {
        duplicates.set(firstRow + i);
      }
    }
    rows.size = kept;
  }

  /**
   * Adds one block run by run. A run is consecutive rows of one metric within a finest bucket: its
   * buckets are looked up once, and each bucket takes the run in one tight loop in which cache
   * misses overlap. Where a rule watches the metric a run is one row, since rules are about the
   * count after each.
   */
  private void addBlock(
      AcceptedBatch accepted,
      BatchColumns columns,
      long latenessMillis,
      long number,
      RowBlock rows,
      @Nullable MetricCounts[] batchMetrics,
      EventLog events) {
    int from = 0;
    while (from < rows.size) {
      int index = rows.metricIndexes[from];
      MetricCounts metric = batchMetrics[index];
      if (metric == null) {
        metric = metricForWriting(columns.metric(index));
        batchMetrics[index] = metric;
      }
      metric.moveTo(rows.timesMillis[from]);
      // Heavy hitters have no count for each key that a rule could be about.
      boolean watched = rows.slots[from] != KeyTable.NO_SLOT && thresholds.watch(metric.name());
      int to =
          watched
              ? from + 1
              : rows.endOfRun(from, metric.finestStartMillis(), metric.finestEndMillis());
      if (watched) {
        thresholds.look(metric, rows, from, keys);
      }
      metric.add(number, accepted.getAcceptedAtMillis(), latenessMillis, rows, from, to, events);
      if (watched) {
        thresholds.check(metric, rows, from, this, events);
      }
      from = to;
    }
  }

  /** The edge of a level of a metric once a batch with a highest event time was added. */
  long edgeAfter(long highestTimeMillis, String metric, WindowLevel level) {
    long after = Math.max(watermarkMillis, highestTimeMillis);
    long ofNamespace = edges.of(level, definition(), after);
    MetricCounts counts = metric(metric);
    MetricBuckets buckets =
        counts == null ? new MetricBuckets(edges, unsealed, bucketWidth(metric)) : counts.buckets();
    return buckets.edge(level, ofNamespace);
  }

  /** How long the finest buckets of a metric are, or will be when it is first counted. */
  BucketWidth bucketWidth(String metric) {
    return MetricCounts.storedWidth(strategyOf(metric));
  }

  /** What is kept of a metric at the level of an interval and the coarser ones. */
  KeptBuckets kept(String metric, Interval interval) {
    MetricCounts counts = metric(metric);
    long next = watermarkMillis == Long.MIN_VALUE ? Long.MIN_VALUE : watermarkMillis + 1;
    KeptBuckets kept = KeptBuckets.EVERYTHING;
    for (WindowLevel level : WindowLevel.values()) {
      if (level.compareTo(interval.level()) >= 0) {
        long from =
            counts == null ? edges.of(level) : counts.keptFrom(level, interval.width(), next);
        if (from != Long.MIN_VALUE) {
          kept = kept.butOf(level, interval.width().endAtOrAfter(level, from));
        }
      }
    }
    return kept;
  }

  /** Drops what the watermark has left behind; there is something about once a minute of it. */
  private void retire() {
    if (edges.advance(definition(), watermarkMillis)) {
      dropRetired();
    }
  }

  private void dropRetired() {
    unsealed.retire(edges);
    for (MetricCounts metric : metrics) {
      metric.dropCursor();
      metric.buckets().retire();
      thresholds.retire(metric);
    }
  }

  /** Compresses some of what the watermark has left behind. */
  void seal() {
    if (unsealed.seal(watermarkMillis)) {
      metrics.forEach(MetricCounts::dropCursor);
    }
  }
}
