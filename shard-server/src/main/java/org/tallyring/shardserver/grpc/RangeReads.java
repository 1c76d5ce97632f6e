package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.QueryCountsResponse;
import org.tallyring.proto.internal.v1.RangeRevision;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.ownership.OwnedRange;
import org.tallyring.shardserver.ownership.ShardRanges;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;
import org.tallyring.topology.window.Interval;

/** Counts of keys from the ranges held here, each read on its range's loop. */
final class RangeReads {

  private final RangeTable table;
  private final ShardRanges ranges;

  RangeReads(RangeTable table, ShardRanges ranges) {
    this.table = table;
    this.ranges = ranges;
  }

  /** The keys by the range that each belongs to, in the order given. */
  Map<Integer, List<ByteString>> byRange(String namespace, List<ByteString> keys) {
    KeyHash hash = new KeyHash(namespace);
    Map<Integer, List<ByteString>> result = new TreeMap<>();
    for (ByteString key : keys) {
      int rangeId = table.rangeOf(hash.hash(key.toByteArray()));
      result.computeIfAbsent(rangeId, id -> new ArrayList<>()).add(key);
    }
    return result;
  }

  /** Counts of the keys whose ranges serve here; the others are left out. */
  CompletableFuture<QueryCountsResponse> counts(
      NamespaceDefinition namespace,
      String metric,
      Interval interval,
      Map<Integer, List<ByteString>> keysByRange) {
    List<CompletableFuture<@Nullable QueryCountsResponse>> parts = new ArrayList<>();
    keysByRange.forEach(
        (rangeId, keys) -> {
          Optional<OwnedRange> range = ranges.find(rangeId);
          range.ifPresent(
              owned ->
                  parts.add(
                      owned.read(
                          engine -> {
                            QueryCountsResponse.Builder part = QueryCountsResponse.newBuilder();
                            for (ByteString key : keys) {
                              part.addCounts(
                                  KeyCount.newBuilder()
                                      .setKey(key)
                                      .setCount(
                                          engine.count(
                                              namespace.getUid(),
                                              metric,
                                              interval,
                                              key.toByteArray())));
                            }
                            long uid = namespace.getUid();
                            return part.addRanges(
                                    RangeRevision.newBuilder()
                                        .setRangeId(rangeId)
                                        .setRevision(engine.revision(uid, metric, interval))
                                        .setQuality(
                                            Qualities.toProto(
                                                engine.quality(uid, metric, interval))))
                                .build();
                          })));
        });
    return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> {
              QueryCountsResponse.Builder sum = QueryCountsResponse.newBuilder();
              for (CompletableFuture<@Nullable QueryCountsResponse> part : parts) {
                QueryCountsResponse read = part.join();
                if (read != null) {
                  sum.mergeFrom(read);
                }
              }
              return sum.build();
            });
  }
}
