package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.WindowLevel;

/**
 * Finds the rows that would take a count out of 64 bits, by applying a batch to copies of the
 * counts it touches. It is needed only when the deltas of a range's whole life sum up to 2^63, so
 * it may be slow; but then it must be exact, or one producer's absurd delta would block everybody
 * else.
 */
final class OverflowCheck {

  private record Cell(WindowKey window, ByteString key) {}

  private record Event(ByteString key, EventId id) {}

  private final RangeState state;
  private final BatchColumns columns;
  private final Map<Cell, Long> simulated = new HashMap<>();
  private final Set<Event> counted = new HashSet<>();

  /** A check against a state, for one batch. */
  OverflowCheck(RangeState state, BatchColumns columns) {
    this.state = state;
    this.columns = columns;
  }

  /**
   * The rows to refuse, rising; each was judged as if the refused ones before it were not there.
   */
  int[] overflowingRows(AcceptedBatch accepted) {
    if (state.deletedNamespaceUids.contains(accepted.getNamespaceUid())) {
      return new int[0];
    }
    IntStream.Builder refused = IntStream.builder();
    EventIdColumn ids = EventIdColumn.isIn(columns) ? new EventIdColumn(columns) : null;
    int start = columns.keys.start();
    for (int row = 0; row < columns.rows(); row++) {
      int length = columns.keyLengths.get(row);
      ByteString key = columns.copy(start, length);
      EventId id = ids == null ? null : ids.next();
      if (ids != null && id != null) {
        addIfNewAndFits(accepted, row, key, id, ids.payload(), refused);
      } else if (!addIfFits(accepted, row, key)) {
        refused.add(row);
      }
      start += length;
    }
    return refused.build().toArray();
  }

  /** A row whose event id has counted already adds nothing, so it is not at fault. */
  private void addIfNewAndFits(
      AcceptedBatch accepted,
      int row,
      ByteString key,
      EventId id,
      long payload,
      IntStream.Builder refused) {
    Event event = new Event(key, id);
    NamespaceCounts namespace = state.namespaces.get(accepted.getNamespaceUid());
    boolean repeat =
        counted.contains(event)
            || (namespace != null
                && namespace.verdict(key.toByteArray(), id, payload, accepted.getAcceptedAtMillis())
                    == EventIdTable.Verdict.REPEAT);
    if (repeat) {
      return;
    }
    if (addIfFits(accepted, row, key)) {
      counted.add(event);
    } else {
      refused.add(row);
    }
  }

  private boolean addIfFits(AcceptedBatch accepted, int row, ByteString key) {
    String metric = columns.metric(columns.metricIndex(row));
    long delta = columns.amount(row);
    long timeMillis = columns.baseTimeMillis(accepted) + columns.timeOffsetMillis(row);
    Map<Cell, Long> sums = new HashMap<>();
    BucketWidth width = width(accepted, metric);
    for (WindowLevel level : WindowLevel.values()) {
      long start = width.start(level, timeMillis);
      if (start < edge(accepted, metric, level)) {
        continue;
      }
      Cell cell = new Cell(new WindowKey(accepted.getNamespaceUid(), metric, level, start), key);
      long count = simulated.computeIfAbsent(cell, this::count);
      long sum = count + delta;
      // Overflow is when both terms have a sign that the sum has not.
      if (((count ^ sum) & (delta ^ sum)) < 0) {
        return false;
      }
      sums.put(cell, sum);
    }
    simulated.putAll(sums);
    return true;
  }

  private BucketWidth width(AcceptedBatch accepted, String metric) {
    NamespaceCounts namespace = state.namespaces.get(accepted.getNamespaceUid());
    return namespace == null ? BucketWidth.MINUTE : namespace.bucketWidth(metric);
  }

  /** Where what is kept will begin: no row counts in a bucket before that. */
  private long edge(AcceptedBatch accepted, String metric, WindowLevel level) {
    NamespaceCounts namespace = state.namespaces.get(accepted.getNamespaceUid());
    return namespace == null
        ? RetentionEdges.NONE
        : namespace.edgeAfter(columns.highestTimeMillis(accepted), metric, level);
  }

  private long count(Cell cell) {
    WindowKey window = cell.window;
    MetricCounts metric = state.metric(window.namespaceUid(), window.metric());
    BucketCounts bucket =
        metric == null ? null : metric.buckets().find(window.level(), window.startMillis());
    if (bucket == null) {
      return 0;
    }
    int slot = state.namespace(window.namespaceUid()).keys().slotOf(cell.key.toByteArray());
    return slot == KeyTable.NO_SLOT ? 0 : bucket.get(slot);
  }
}
