package org.tallyring.aggregator.fake;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tallyring.aggregator.collect.WindowKey;
import org.tallyring.aggregator.collect.Windows;
import org.tallyring.proto.internal.v1.CollectedRange;
import org.tallyring.proto.internal.v1.KeptFrom;
import org.tallyring.proto.internal.v1.LateCorrections;
import org.tallyring.proto.internal.v1.RangeRanking;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

/** A range in a test: counts as a plain map. Not thread-safe; {@link FakeShards} guards it. */
final class FakeRange {

  private static final class Counts {
    final Map<ByteString, Long> counts = new HashMap<>();
    long changedAtVersion;
    long revision;
  }

  final int id;
  String owner;
  long epoch = 1;
  private long version;
  private final Map<WindowKey, Counts> windows = new HashMap<>();
  private KeptBuckets kept = KeptBuckets.EVERYTHING;
  private long lateCorrections;

  FakeRange(int id, String owner) {
    this.id = id;
    this.owner = owner;
  }

  void count(WindowKey window, ByteString key, long delta) {
    add(window, key, delta);
  }

  private Counts add(WindowKey window, ByteString key, long delta) {
    Counts counts = windows.computeIfAbsent(window, w -> new Counts());
    counts.counts.merge(key, delta, Long::sum);
    counts.changedAtVersion = ++version;
    return counts;
  }

  void correct(WindowKey window, ByteString key, long delta) {
    add(window, key, delta).revision++;
    lateCorrections++;
  }

  void moveTo(String newOwner) {
    owner = newOwner;
    epoch++;
    version = 0;
    windows.values().forEach(counts -> counts.changedAtVersion = ++version);
  }

  long get(WindowKey window, ByteString key) {
    Counts counts = windows.get(window);
    return counts == null ? 0 : counts.counts.getOrDefault(key, 0L);
  }

  RangeVersion version() {
    return RangeVersion.newBuilder().setRangeId(id).setEpoch(epoch).setVersion(version).build();
  }

  CollectedRange collected(RangeVersion known, long nowMillis, String correctedMetric, long uid) {
    CollectedRange.Builder collected =
        CollectedRange.newBuilder().setVersion(version()).setPublishedAtMillis(nowMillis);
    long since = known.getEpoch() == epoch ? known.getVersion() : -1;
    windows.forEach(
        (window, counts) -> {
          if (counts.changedAtVersion > since) {
            collected.addRankings(ranking(window, counts, 1000));
          }
        });
    if (lateCorrections > 0) {
      collected.addLateCorrections(
          LateCorrections.newBuilder()
              .setNamespaceUid(uid)
              .setMetric(correctedMetric)
              .setBatches(lateCorrections));
    }
    return collected.build();
  }

  /** From now on it does not keep what is older. */
  void keep(KeptBuckets newer) {
    kept = newer;
  }

  boolean keeps(Interval interval) {
    return kept.keeps(interval);
  }

  List<KeptFrom> keptFrom() {
    List<KeptFrom> entries = new ArrayList<>();
    for (WindowLevel level : WindowLevel.values()) {
      if (kept.from(level) > Long.MIN_VALUE) {
        entries.add(
            KeptFrom.newBuilder()
                .setRangeId(id)
                .setBucket(Windows.window(level))
                .setKeptFromMillis(kept.from(level))
                .build());
      }
    }
    return entries;
  }

  /** The ranking of the windows of an interval together. */
  RangeRanking ranking(long uid, String metric, Interval interval, int k) {
    Counts sum = new Counts();
    windows.forEach(
        (window, counts) -> {
          if (window.namespaceUid() == uid
              && window.metric().equals(metric)
              && window.level() == interval.level()
              && window.startMillis() >= interval.startMillis()
              && window.startMillis() < interval.endMillis()) {
            counts.counts.forEach((key, count) -> sum.counts.merge(key, count, Long::sum));
            sum.revision += counts.revision;
          }
        });
    WindowKey first = new WindowKey(uid, metric, interval.level(), interval.startMillis());
    return ranking(first, sum, k);
  }

  private RangeRanking ranking(WindowKey window, Counts counts, int k) {
    List<Map.Entry<ByteString, Long>> rows = new ArrayList<>(counts.counts.entrySet());
    rows.sort(
        Map.Entry.<ByteString, Long>comparingByValue(Comparator.reverseOrder())
            .thenComparing(
                Map.Entry.comparingByKey(
                    (a, b) -> Arrays.compareUnsigned(a.toByteArray(), b.toByteArray()))));
    RangeRanking.Builder ranking =
        RangeRanking.newBuilder()
            .setRangeId(id)
            .setNamespaceUid(window.namespaceUid())
            .setMetric(window.metric())
            .setWindow(Windows.window(window.level()))
            .setStartMillis(window.startMillis())
            .setRevision(counts.revision);
    ByteString keys = ByteString.EMPTY;
    for (Map.Entry<ByteString, Long> row : rows.subList(0, Math.min(k, rows.size()))) {
      keys = keys.concat(row.getKey());
      ranking.addKeyLengths(row.getKey().size()).addCounts(row.getValue());
    }
    return ranking.setKeys(keys).build();
  }
}
