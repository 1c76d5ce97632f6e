package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tallyring.shardserver.engine.strategy.FrequentKeys;
import org.tallyring.topology.window.WindowLevel;

/**
 * Says how a state differs from another one of the same range, which a replay gave.
 *
 * <p>Equal states write equal snapshots, so bytes are compared first. Only when they differ the
 * states are gone through, name by name, since a key may have another slot in the other one. What
 * is not gone through (events, event ids, the registers of sketches) is still seen in the bytes, so
 * no difference goes without one that is reported.
 */
final class StateComparison {

  private static final int CHUNK_BYTES = 1 << 20;

  private final RangeState stored;
  private final RangeState replayed;
  private final int most;
  private final List<StateDifference> first = new ArrayList<>();
  private long count;

  private StateComparison(RangeState stored, RangeState replayed, int most) {
    this.stored = stored;
    this.replayed = replayed;
    this.most = most;
  }

  /** How the first differs from the second; at most so many are named. */
  static StateDifferences compare(RangeState stored, RangeState replayed, int most) {
    List<byte[]> storedBytes = SnapshotWriter.cut(stored, CHUNK_BYTES).write();
    List<byte[]> replayedBytes = SnapshotWriter.cut(replayed, CHUNK_BYTES).write();
    if (SnapshotReader.isSame(storedBytes, replayedBytes)) {
      return StateDifferences.NONE;
    }
    StateComparison comparison = new StateComparison(stored, replayed, most);
    comparison.compareRange();
    comparison.compareNamespaces();
    if (comparison.count == 0) {
      comparison.differ(
          SnapshotReader.firstDifference(storedBytes, replayedBytes), "", "", ByteString.EMPTY);
    }
    return new StateDifferences(comparison.count, List.copyOf(comparison.first));
  }

  private void compareRange() {
    compare("increments", "", "", stored.increments, replayed.increments);
    compare("absolute_sum", "", "", stored.absoluteSum, replayed.absoluteSum);
    compare("journal_time", "", "", stored.journalTimeMillis, replayed.journalTimeMillis);
    compare(
        "sessions_swept_at",
        "",
        "",
        stored.sessions.sweptAtMillis(),
        replayed.sessions.sweptAtMillis());
    if (!stored.deletedNamespaceUids.equals(replayed.deletedNamespaceUids)) {
      compare(
          "deleted_namespaces",
          "",
          "",
          stored.deletedNamespaceUids.size(),
          replayed.deletedNamespaceUids.size());
    }
    Map<ByteString, Long> sequences = new HashMap<>();
    replayed.sessions.forEach((id, sequence, appliedAt) -> sequences.put(id, sequence));
    stored.sessions.forEach(
        (id, sequence, appliedAt) -> {
          Long other = sequences.remove(id);
          compare("session", "", "", id, null, 0, sequence, other == null ? 0 : other);
        });
    sequences.forEach((id, sequence) -> compare("session", "", "", id, null, 0, 0, sequence));
  }

  private void compareNamespaces() {
    for (NamespaceCounts namespace : stored.namespaces.values()) {
      NamespaceCounts other = replayed.namespaces.get(namespace.uid());
      if (other == null) {
        compare("namespace", namespace.name(), "", 1, 0);
      } else {
        compare(namespace, other);
      }
    }
    for (NamespaceCounts other : replayed.namespaces.values()) {
      if (!stored.namespaces.containsKey(other.uid())) {
        compare("namespace", other.name(), "", 0, 1);
      }
    }
  }

  private void compare(NamespaceCounts namespace, NamespaceCounts other) {
    String name = namespace.name();
    compare("watermark", name, "", namespace.watermarkMillis(), other.watermarkMillis());
    compare("definition", name, "", namespace.definitionRevision(), other.definitionRevision());
    for (WindowLevel level : RetentionEdges.LEVELS) {
      long edge = namespace.edges().of(level);
      compare("kept_from", name, "", ByteString.EMPTY, level, 0, edge, other.edges().of(level));
    }
    compare("event_ids", name, "", eventIds(namespace), eventIds(other));
    compareKeys(namespace, other);
    Set<String> metrics = new HashSet<>();
    for (MetricCounts metric : namespace.metrics()) {
      metrics.add(metric.name());
      MetricCounts otherMetric = other.metric(metric.name());
      if (otherMetric == null) {
        compare("metric", name, metric.name(), 1, 0);
      } else {
        compare(namespace, metric, other, otherMetric);
      }
    }
    for (MetricCounts metric : other.metrics()) {
      if (!metrics.contains(metric.name())) {
        compare("metric", name, metric.name(), 0, 1);
      }
    }
  }

  /** Those that are known; what is forgotten and not swept yet belongs to no state. */
  private static long eventIds(NamespaceCounts namespace) {
    EventIdTable table = namespace.eventIds();
    long[] known = new long[1];
    if (table != null) {
      table.forEach((id, slot, payload, tick) -> known[0]++);
    }
    return known[0];
  }

  private void compareKeys(NamespaceCounts namespace, NamespaceCounts other) {
    for (int slot = 0; slot < namespace.keys().size(); slot++) {
      byte[] key = namespace.keys().key(slot);
      if (other.keys().slotOf(key) < 0) {
        compare("key", namespace.name(), "", ByteString.copyFrom(key), null, 0, 1, 0);
      }
    }
    for (int slot = 0; slot < other.keys().size(); slot++) {
      byte[] key = other.keys().key(slot);
      if (namespace.keys().slotOf(key) < 0) {
        compare("key", namespace.name(), "", ByteString.copyFrom(key), null, 0, 0, 1);
      }
    }
  }

  private void compare(
      NamespaceCounts namespace,
      MetricCounts metric,
      NamespaceCounts otherNamespace,
      MetricCounts other) {
    String in = namespace.name();
    String name = metric.name();
    compare("hits", in, name, metric.hits(), other.hits());
    compare("late_increments", in, name, metric.lateIncrements(), other.lateIncrements());
    compare("late_corrections", in, name, metric.lateCorrections(), other.lateCorrections());
    compare("beyond_retention", in, name, metric.beyondRetention(), other.beyondRetention());
    compare("pruned", in, name, metric.prunedBesideLog(), other.prunedBesideLog());
    for (BucketCounts bucket : metric.buckets().sorted()) {
      BucketCounts otherBucket = other.buckets().find(bucket.level(), bucket.startMillis());
      compare(namespace, name, bucket, otherNamespace, otherBucket);
    }
    for (BucketCounts bucket : other.buckets().sorted()) {
      if (metric.buckets().find(bucket.level(), bucket.startMillis()) == null) {
        BucketCounts absent = new BucketCounts(bucket.interval());
        compare(namespace, name, absent, otherNamespace, bucket);
      }
    }
  }

  private void compare(
      NamespaceCounts namespace,
      String metric,
      BucketCounts bucket,
      NamespaceCounts otherNamespace,
      @Nullable BucketCounts found) {
    BucketCounts other = found == null ? new BucketCounts(bucket.interval()) : found;
    WindowLevel level = bucket.level();
    long start = bucket.startMillis();
    String in = namespace.name();
    long revision = other.revision();
    compare("revision", in, metric, ByteString.EMPTY, level, start, bucket.revision(), revision);
    SlotColumn counts = SlotColumn.of(bucket.counts());
    SlotColumn others = SlotColumn.of(other.counts());
    counts.forEach(
        (slot, value) -> {
          byte[] key = namespace.keys().key(slot);
          long otherValue = others.get(otherNamespace.keys().slotOf(key));
          if (value != otherValue) {
            ByteString name = ByteString.copyFrom(key);
            compare("count", in, metric, name, level, start, value, otherValue);
          }
        });
    others.forEach(
        (slot, value) -> {
          byte[] key = otherNamespace.keys().key(slot);
          if (counts.get(namespace.keys().slotOf(key)) == 0) {
            compare("count", in, metric, ByteString.copyFrom(key), level, start, 0, value);
          }
        });
    Map<ByteString, Long> frequent = frequent(bucket);
    Map<ByteString, Long> otherFrequent = frequent(other);
    frequent.forEach(
        (key, value) -> {
          Long otherValue = Objects.requireNonNullElse(otherFrequent.remove(key), 0L);
          compare("count", in, metric, key, level, start, value, otherValue);
        });
    otherFrequent.forEach(
        (key, value) -> compare("count", in, metric, key, level, start, 0, value));
  }

  private static Map<ByteString, Long> frequent(BucketCounts bucket) {
    Map<ByteString, Long> counts = new HashMap<>();
    FrequentKeys keys = bucket.frequent();
    if (keys != null) {
      keys.entries().forEach(entry -> counts.put(entry.key(), entry.count()));
    }
    return counts;
  }

  private void compare(String what, String namespace, String metric, long value, long other) {
    compare(what, namespace, metric, ByteString.EMPTY, null, 0, value, other);
  }

  private void compare(
      String what,
      String namespace,
      String metric,
      ByteString key,
      @Nullable WindowLevel level,
      long startMillis,
      long value,
      long other) {
    if (value != other) {
      note(new StateDifference(what, namespace, metric, key, level, startMillis, value, other));
    }
  }

  private void differ(String what, String namespace, String metric, ByteString key) {
    note(new StateDifference(what, namespace, metric, key, null, 0, 0, 0));
  }

  private void note(StateDifference difference) {
    count++;
    if (first.size() < most) {
      first.add(difference);
    }
  }

  /** Counts by slot that are found fast, whatever form they were taken from. */
  private static final class SlotColumn {

    private final int[] slots;
    private final long[] counts;
    private int size;

    private SlotColumn(int capacity) {
      slots = new int[capacity];
      counts = new long[capacity];
    }

    static SlotColumn of(SlotCounts counts) {
      SlotColumn column = new SlotColumn(counts.size());
      counts.forEachRising(
          (slot, count) -> {
            column.slots[column.size] = slot;
            column.counts[column.size++] = count;
          });
      return column;
    }

    /** The count of a slot; 0 if it has none or is none. */
    long get(int slot) {
      int at = Arrays.binarySearch(slots, 0, size, slot);
      return at < 0 ? 0 : counts[at];
    }

    void forEach(SlotCounts.Consumer consumer) {
      for (int i = 0; i < size; i++) {
        consumer.accept(slots[i], counts[i]);
      }
    }
  }
}
