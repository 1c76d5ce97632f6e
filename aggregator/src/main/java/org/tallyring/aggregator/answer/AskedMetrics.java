package org.tallyring.aggregator.answer;

import java.util.List;
import java.util.stream.Stream;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.topology.window.BucketWidth;

/**
 * The metrics that a question is answered from. What ranges keep depends on how these count, so it
 * is known for them and not for the namespace.
 *
 * @param namespaceUid the namespace's uid
 * @param definitions the metric that is asked for, and the others that have a part in the answer
 */
record AskedMetrics(long namespaceUid, List<MetricDefinition> definitions) {

  /** One metric alone. */
  static AskedMetrics of(CountedMetric metric) {
    return new AskedMetrics(metric.namespaceUid(), List.of(metric.definition()));
  }

  /** One metric and others of its namespace, of which it may be one itself. */
  static AskedMetrics of(CountedMetric metric, List<CountedMetric> beside) {
    if (beside.isEmpty()) {
      return of(metric);
    }
    return new AskedMetrics(
        metric.namespaceUid(),
        Stream.concat(Stream.of(metric), beside.stream())
            .map(CountedMetric::definition)
            .distinct()
            .toList());
  }

  /** The shortest buckets that the finest ones of each metric add up to. */
  BucketWidth bucketWidth() {
    return definitions.stream()
        .map(Namespaces::bucketWidth)
        .reduce(BucketWidth::common)
        .orElseThrow();
  }
}
