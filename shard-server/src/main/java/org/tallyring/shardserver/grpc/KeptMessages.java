package org.tallyring.shardserver.grpc;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.tallyring.proto.internal.v1.KeptFrom;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

/** What ranges keep, on the wire between shards and aggregators. */
final class KeptMessages {

  private KeptMessages() {}

  /** What a range keeps of all of some metrics. To be called on the range's loop. */
  static KeptBuckets of(RangeEngine engine, long namespaceUid, Collection<String> metrics) {
    KeptBuckets kept = KeptBuckets.EVERYTHING;
    for (String metric : metrics) {
      kept = kept.and(of(engine, namespaceUid, metric));
    }
    return kept;
  }

  /** What a range keeps of a metric. To be called on the range's loop. */
  static KeptBuckets of(RangeEngine engine, long namespaceUid, String metric) {
    KeptBuckets kept = KeptBuckets.EVERYTHING;
    for (WindowLevel level : WindowLevel.values()) {
      kept = kept.butOf(level, engine.keptFrom(namespaceUid, metric, level));
    }
    return kept;
  }

  /** An entry for each level of which anything was retired. */
  static List<KeptFrom> toProto(int rangeId, KeptBuckets kept) {
    List<KeptFrom> entries = new ArrayList<>();
    for (WindowLevel level : WindowLevel.values()) {
      if (kept.from(level) > Long.MIN_VALUE) {
        entries.add(
            KeptFrom.newBuilder()
                .setRangeId(rangeId)
                .setBucket(Windows.window(level))
                .setKeptFromMillis(kept.from(level))
                .build());
      }
    }
    return entries;
  }

  /** What all the ranges of some entries keep. */
  static KeptBuckets fromProto(List<KeptFrom> entries) {
    KeptBuckets kept = KeptBuckets.EVERYTHING;
    for (KeptFrom entry : entries) {
      kept = kept.butOf(Windows.level(entry.getBucket()).orElseThrow(), entry.getKeptFromMillis());
    }
    return kept;
  }
}
