package org.tallyring.aggregator.collect;

import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.topology.window.BucketWidth;

/**
 * A metric that exists.
 *
 * @param namespace the namespace's name
 * @param namespaceUid the namespace's uid
 * @param definitionRevision the revision of the namespace's definition
 * @param latenessMillis how long the namespace's windows wait for late events after their end
 * @param definition the metric as defined
 */
public record CountedMetric(
    String namespace,
    long namespaceUid,
    long definitionRevision,
    long latenessMillis,
    MetricDefinition definition) {

  /** The metric's name. */
  public String metric() {
    return definition.getName();
  }

  /** Whether it has a count for every key, as all strategies but heavy hitters. */
  public boolean holdsEveryKey() {
    return !definition.hasHeavyHitters();
  }

  /** How long its finest buckets are. */
  public BucketWidth bucketWidth() {
    return Namespaces.bucketWidth(definition);
  }
}
