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
import org.tallyring.proto.internal.v1.QuerySeriesResponse;
import org.tallyring.proto.internal.v1.RangeRevision;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.window.Intervals;
import org.tallyring.proto.window.Selections;
import org.tallyring.shardserver.ownership.OwnedRange;
import org.tallyring.shardserver.ownership.ShardRanges;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;

/** Counts and series of keys from the ranges held here, each read on its range's loop. */
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

  /** The range that a key belongs to. */
  int rangeOf(String namespace, ByteString key) {
    return table.rangeOf(new KeyHash(namespace).hash(key.toByteArray()));
  }

  /** The range that a key belongs to, if it is held here; else none. */
  List<OwnedRange> holderOf(String namespace, ByteString key) {
    return ranges.find(rangeOf(namespace, key)).map(List::of).orElse(List.of());
  }

  /**
   * The counts of a key in the buckets of a period, as far as they are kept; {@code served} is not
   * set if its range does not serve here.
   *
   * @return fails with WINDOW_NOT_RETAINED if none of the buckets is kept
   */
  CompletableFuture<QuerySeriesResponse> series(
      int rangeId, NamespaceDefinition namespace, String metric, Interval period, ByteString key) {
    return ranges
        .find(rangeId)
        .map(
            range ->
                range
                    .read(
                        engine -> {
                          long uid = namespace.getUid();
                          Interval kept = Selections.kept(period, engine.kept(uid, metric, period));
                          QuerySeriesResponse.Builder series =
                              QuerySeriesResponse.newBuilder()
                                  .setServed(true)
                                  .setStartMillis(kept.startMillis())
                                  .setRevision(engine.revision(uid, metric, kept));
                          Qualities.say(engine.quality(uid, metric, kept), series::setQuality);
                          for (long count : engine.series(uid, metric, kept, key.toByteArray())) {
                            series.addCounts(count);
                          }
                          return series.build();
                        })
                    .thenApply(
                        read -> read == null ? QuerySeriesResponse.getDefaultInstance() : read))
        .orElseGet(
            () -> CompletableFuture.completedFuture(QuerySeriesResponse.getDefaultInstance()));
  }

  /**
   * Counts of the keys whose ranges serve here; the others are left out. A range that does not keep
   * the interval says so instead.
   */
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
                            KeptBuckets kept = engine.kept(namespace.getUid(), metric, interval);
                            if (!kept.keeps(interval)) {
                              return part.addAllNotKept(Intervals.toProto(rangeId, kept)).build();
                            }
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
                            RangeRevision.Builder revision =
                                RangeRevision.newBuilder()
                                    .setRangeId(rangeId)
                                    .setRevision(engine.revision(uid, metric, interval));
                            Qualities.say(
                                engine.quality(uid, metric, interval), revision::setQuality);
                            return part.addRanges(revision).build();
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
