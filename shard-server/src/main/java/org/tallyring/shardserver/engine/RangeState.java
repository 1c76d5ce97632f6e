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

  /** Namespaces that are not served yet. */
  final Restores restores = new Restores();

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

  /**
   * The namespace to answer about, or null if nothing is held of it: where a restore has replaced
   * the one asked for, what it was replaced by, so that nobody who does not know of it yet is told
   * that there is nothing.
   */
  @Nullable NamespaceCounts held(long uid) {
    NamespaceCounts namespace = namespaces.get(uid);
    if (namespace == null && deletedNamespaceUids.contains(uid)) {
      for (NamespaceCounts other : namespaces.values()) {
        if (other.definition().getReplacesUid() == uid) {
          return other;
        }
      }
    }
    return namespace;
  }

  /** A metric, or null when nothing was ever counted with it. */
  @Nullable MetricCounts metric(long namespaceUid, String metric) {
    NamespaceCounts namespace = held(namespaceUid);
    return namespace == null ? null : namespace.metric(metric);
  }

  /** A namespace that has a metric. */
  NamespaceCounts namespace(long uid) {
    return Objects.requireNonNull(held(uid));
  }
}
