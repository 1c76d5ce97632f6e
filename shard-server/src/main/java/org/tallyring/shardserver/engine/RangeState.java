package org.tallyring.shardserver.engine;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Everything that a snapshot of a range holds. */
final class RangeState {

  final int rangeId;
  final SessionTable sessions = new SessionTable();

  final EventLog events;

  /** By uid, in the order of their first entries. */
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

  /** A metric, or null when nothing was ever counted with it. */
  @Nullable MetricCounts metric(long namespaceUid, String metric) {
    NamespaceCounts namespace = namespaces.get(namespaceUid);
    return namespace == null ? null : namespace.metric(metric);
  }

  /** A namespace that has a metric. */
  NamespaceCounts namespace(long uid) {
    return Objects.requireNonNull(namespaces.get(uid));
  }
}
