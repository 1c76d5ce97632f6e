package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.topology.window.WindowLevel;

/** What the engine should do, in maps, without a thought for speed or memory. */
final class NaiveEngine {

  static final Comparator<Map.Entry<ByteString, Long>> ORDER =
      Map.Entry.<ByteString, Long>comparingByValue()
          .reversed()
          .thenComparing(Map.Entry.comparingByKey(ByteString.unsignedLexicographicalComparator()));

  final Map<WindowKey, Map<ByteString, Long>> counts = new HashMap<>();
  final Map<WindowKey, Long> revisions = new HashMap<>();
  final Map<Long, Map<String, Long>> lateCorrections = new TreeMap<>();
  final Map<Long, Set<ByteString>> keys = new HashMap<>();
  final Set<Long> deleted = new HashSet<>();
  long increments;

  void apply(JournalEntry entry) {
    if (entry.hasNamespaceDeleted()) {
      long uid = entry.getNamespaceDeleted().getNamespaceUid();
      deleted.add(uid);
      counts.keySet().removeIf(window -> window.namespaceUid() == uid);
      revisions.keySet().removeIf(window -> window.namespaceUid() == uid);
      lateCorrections.remove(uid);
      keys.remove(uid);
    }
    entry.getBatches().getBatchesList().forEach(this::apply);
  }

  private void apply(AcceptedBatch accepted) {
    long uid = accepted.getNamespaceUid();
    if (deleted.contains(uid)) {
      return;
    }
    RecordBatch batch = accepted.getBatch();
    Set<WindowKey> late = new HashSet<>();
    int start = 0;
    for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
      ByteString key = batch.getKeys().substring(start, start + batch.getKeyLengths(row));
      start += key.size();
      long base =
          batch.hasBaseTimeMillis() ? batch.getBaseTimeMillis() : accepted.getAcceptedAtMillis();
      long time =
          base + (batch.getTimeOffsetsMillisCount() == 0 ? 0 : batch.getTimeOffsetsMillis(row));
      String metric =
          batch.getMetrics(batch.getMetricIndexesCount() == 0 ? 0 : batch.getMetricIndexes(row));
      long delta = batch.getDeltasCount() == 0 ? 1 : batch.getDeltas(row);
      for (WindowLevel level : WindowLevel.values()) {
        WindowKey window = new WindowKey(uid, metric, level, level.start(time));
        counts.computeIfAbsent(window, unused -> new HashMap<>()).merge(key, delta, Long::sum);
        if (level.isFinal(
            window.startMillis(), accepted.getAcceptedAtMillis(), accepted.getLatenessMillis())) {
          late.add(window);
        }
      }
      keys.computeIfAbsent(uid, unused -> new HashSet<>()).add(key);
      increments++;
    }
    late.forEach(window -> revisions.merge(window, 1L, Long::sum));
    late.stream()
        .map(WindowKey::metric)
        .distinct()
        .forEach(
            metric ->
                lateCorrections
                    .computeIfAbsent(uid, unused -> new TreeMap<>())
                    .merge(metric, 1L, Long::sum));
  }

  long keys() {
    return keys.values().stream().mapToLong(Set::size).sum();
  }

  Ranking ranking(WindowKey window, int k) {
    List<Map.Entry<ByteString, Long>> best =
        counts.getOrDefault(window, Map.of()).entrySet().stream()
            .filter(entry -> entry.getValue() != 0)
            .sorted(ORDER)
            .limit(k)
            .toList();
    byte[][] rankedKeys = best.stream().map(e -> e.getKey().toByteArray()).toArray(byte[][]::new);
    long[] rankedCounts = best.stream().mapToLong(Map.Entry::getValue).toArray();
    return new Ranking(rankedKeys, rankedCounts, revisions.getOrDefault(window, 0L));
  }

  /** The beginning of a ranking. */
  static Ranking best(Ranking ranking, int k) {
    int size = Math.min(k, ranking.size());
    byte[][] bestKeys = new byte[size][];
    Arrays.setAll(bestKeys, ranking::key);
    long[] bestCounts = new long[size];
    Arrays.setAll(bestCounts, ranking::count);
    return new Ranking(bestKeys, bestCounts, ranking.revision());
  }

  /** The open windows at a time. */
  Map<WindowKey, Ranking> open(long nowMillis, int k) {
    Map<WindowKey, Ranking> open = new HashMap<>();
    counts
        .keySet()
        .forEach(
            window -> {
              if (window.level().isWindow()
                  && window.level().start(nowMillis) == window.startMillis()) {
                open.put(window, ranking(window, k));
              }
            });
    return open;
  }

  List<PublishedRankings.LateCorrections> lateCorrections() {
    List<PublishedRankings.LateCorrections> all = new ArrayList<>();
    lateCorrections.forEach(
        (uid, byMetric) ->
            byMetric.forEach(
                (metric, batches) ->
                    all.add(new PublishedRankings.LateCorrections(uid, metric, batches))));
    return all;
  }
}
