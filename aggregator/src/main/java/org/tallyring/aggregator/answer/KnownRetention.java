package org.tallyring.aggregator.answer;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.tallyring.topology.window.KeptBuckets;

/**
 * From when on all ranges keep the buckets of a namespace, as far as they have said so, which they
 * do when they are asked for something older. Thread-safe.
 *
 * <p>It saves questions that cannot be answered. What is known here only rises, as in the ranges;
 * where it lags behind, a question costs a second one. It holds an entry of about 100 bytes for
 * each namespace of which anything retired was ever asked for.
 */
final class KnownRetention {

  private final Map<Long, KeptBuckets> byNamespaceUid = new ConcurrentHashMap<>();

  /** What is known to be kept. */
  KeptBuckets of(long namespaceUid) {
    return byNamespaceUid.getOrDefault(namespaceUid, KeptBuckets.EVERYTHING);
  }

  /** Takes in what ranges have said. */
  void learn(long namespaceUid, KeptBuckets kept) {
    byNamespaceUid.merge(namespaceUid, kept, KeptBuckets::and);
  }
}
