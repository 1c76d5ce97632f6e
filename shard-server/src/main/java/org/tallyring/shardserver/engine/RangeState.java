package org.tallyring.shardserver.engine;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.Interval;

/** Everything that a snapshot of a range holds. */
final class RangeState {

  final int rangeId;
  final SessionTable sessions = new SessionTable();

  final EventLog events;

  /** By uid, in the order of their first batches. */
  final Map<Long, NamespaceCounts> namespaces = new LinkedHashMap<>();

  /** The uids of deleted namespaces: a batch accepted before the deletion may come after it. */
  final Set<Long> deletedNamespaceUids = new LinkedHashSet<>();

  /** The newest acceptance time in the journal. */
  long journalTimeMillis;

  /** Increments applied, ever. */
  long increments;

  /** The sum of the absolute values of all deltas, or the largest number. */
  long absoluteSum;

  /** The state before the first entry. */
  RangeState(int rangeId) {
    this.rangeId = rangeId;
    this.events = new EventLog(rangeId);
  }

  /** The bucket of a window, or null when nothing was ever counted in it. */
  @Nullable BucketCounts bucket(WindowKey window) {
    NamespaceCounts namespace = namespaces.get(window.namespaceUid());
    MetricCounts metric = namespace == null ? null : namespace.metric(window.metric());
    return metric == null ? null : metric.bucket(window.level(), window.startMillis());
  }

  /** The buckets of an interval in which anything was counted, in the order of time. */
  List<BucketCounts> buckets(long namespaceUid, String metric, Interval interval) {
    NamespaceCounts namespace = namespaces.get(namespaceUid);
    MetricCounts counts = namespace == null ? null : namespace.metric(metric);
    return counts == null ? List.of() : counts.buckets(interval);
  }

  /** A namespace that has a bucket. */
  NamespaceCounts namespace(long uid) {
    return Objects.requireNonNull(namespaces.get(uid));
  }
}
