package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.v1.RecordBatch;

/** What one range knows of one namespace: its keys and, metric by metric, their counts. */
final class NamespaceCounts {

  private final long uid;
  private final String name;
  private final KeyTable keys;
  private final List<MetricCounts> metrics = new ArrayList<>();
  private final Map<String, MetricCounts> metricsByName = new HashMap<>();
  private long watermarkMillis = Long.MIN_VALUE;

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

  /** Sets what a snapshot says. */
  void restoreWatermark(long restored) {
    watermarkMillis = restored;
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
      counts = new MetricCounts(metric);
      metricsByName.put(metric, counts);
      metrics.add(counts);
    }
    return counts;
  }

  /**
   * Adds all rows of a batch.
   *
   * @param number the number of the batch in this process, rising from 1
   * @param rows scratch
   * @return the sum of the absolute values of the deltas, or the largest number
   */
  long add(AcceptedBatch accepted, long number, RowBlock rows) {
    RecordBatch batch = accepted.getBatch();
    // Only metrics that rows refer to come to be, hence the look-up at the row.
    @Nullable MetricCounts[] batchMetrics = new MetricCounts[batch.getMetricsCount()];
    long absoluteSum = 0;
    int keyOffset = 0;
    for (int row = 0; row < batch.getKeyLengthsCount(); row += rows.size) {
      rows.load(accepted, row, keyOffset);
      keyOffset += rows.keyBytes();
      keys.resolve(rows);
      addBlock(accepted, number, rows, batchMetrics);
      absoluteSum = AbsoluteSum.add(absoluteSum, rows.absoluteSum());
      watermarkMillis = Math.max(watermarkMillis, rows.highestTimeMillis());
    }
    return absoluteSum;
  }

  /**
   * Adds one block run by run. A run is consecutive rows of one metric within one minute: its
   * buckets are looked up once, and each bucket takes the run in one tight loop in which cache
   * misses overlap.
   */
  private void addBlock(
      AcceptedBatch accepted, long number, RowBlock rows, @Nullable MetricCounts[] batchMetrics) {
    int from = 0;
    while (from < rows.size) {
      int index = rows.metricIndexes[from];
      MetricCounts metric = batchMetrics[index];
      if (metric == null) {
        metric = metricForWriting(accepted.getBatch().getMetrics(index));
        batchMetrics[index] = metric;
      }
      metric.moveTo(rows.timesMillis[from]);
      int to = rows.endOfRun(from, metric.minuteStartMillis(), metric.minuteEndMillis());
      metric.add(
          number, accepted.getAcceptedAtMillis(), accepted.getLatenessMillis(), rows, from, to);
      from = to;
    }
  }
}
