package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.Retention;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/** What the engine should do, in maps, without a thought for speed or memory. */
final class NaiveEngine {

  static final Comparator<Map.Entry<ByteString, Long>> ORDER =
      Map.Entry.<ByteString, Long>comparingByValue()
          .reversed()
          .thenComparing(Map.Entry.comparingByKey(ByteString.unsignedLexicographicalComparator()));

  /** Names a metric of a namespace. */
  record Metric(long namespaceUid, String name) {}

  final Map<WindowKey, Map<ByteString, Long>> counts = new HashMap<>();
  final Map<WindowKey, Long> revisions = new HashMap<>();
  final Map<Long, Map<String, Long>> lateCorrections = new TreeMap<>();
  final Map<Metric, Long> lateIncrements = new HashMap<>();
  final Map<Metric, Long> beyondRetention = new HashMap<>();
  final Map<Long, Set<ByteString>> keys = new HashMap<>();
  final Map<Long, NamespaceDefinition> definitions = new HashMap<>();
  final Map<Long, Long> watermarks = new HashMap<>();

  /** For each namespace and level: buckets that end there or before are gone. */
  final Map<Long, Map<WindowLevel, Long>> horizons = new HashMap<>();

  /** How long the finest buckets of the metrics that were ever counted are. */
  final Map<Metric, BucketWidth> widths = new HashMap<>();

  /** From when on these buckets hold everything, where a swap began them afresh. */
  final Map<Metric, Long> finestFrom = new HashMap<>();

  final Set<Long> deleted = new HashSet<>();
  long increments;

  void apply(JournalEntry entry) {
    if (entry.hasNamespaceDeleted()) {
      delete(entry.getNamespaceDeleted().getNamespaceUid());
    }
    if (entry.hasNamespaceDefined()) {
      define(entry.getNamespaceDefined().getDefinition());
    }
    entry.getBatches().getBatchesList().forEach(this::apply);
  }

  private void delete(long uid) {
    deleted.add(uid);
    counts.keySet().removeIf(window -> window.namespaceUid() == uid);
    revisions.keySet().removeIf(window -> window.namespaceUid() == uid);
    lateCorrections.remove(uid);
    lateIncrements.keySet().removeIf(metric -> metric.namespaceUid == uid);
    beyondRetention.keySet().removeIf(metric -> metric.namespaceUid == uid);
    keys.remove(uid);
    definitions.remove(uid);
    watermarks.remove(uid);
    horizons.remove(uid);
    widths.keySet().removeIf(metric -> metric.namespaceUid == uid);
    finestFrom.keySet().removeIf(metric -> metric.namespaceUid == uid);
  }

  private void define(NamespaceDefinition definition) {
    long uid = definition.getUid();
    NamespaceDefinition present = definitions.get(uid);
    if (!deleted.contains(uid)
        && (present == null || definition.getRevision() > present.getRevision())) {
      definitions.put(uid, definition);
      retire(uid);
      for (Metric metric : List.copyOf(widths.keySet())) {
        if (metric.namespaceUid == uid) {
          cut(metric, defined(uid, metric.name));
        }
      }
    }
  }

  /** The width that the definition held gives a metric. */
  private BucketWidth defined(long uid, String metric) {
    return definition(uid).getMetricsList().stream()
        .filter(each -> each.getName().equals(metric))
        .findFirst()
        .map(Namespaces::bucketWidth)
        .orElse(BucketWidth.MINUTE);
  }

  private void cut(Metric metric, BucketWidth to) {
    long uid = metric.namespaceUid;
    BucketWidth from = width(uid, metric.name);
    if (from.equals(to)) {
      return;
    }
    long kept = keptFrom(uid, metric.name, WindowLevel.MINUTE, from);
    boolean folds = to.millis() % from.millis() == 0;
    long since = folds ? kept : watermarks.getOrDefault(uid, 0L) + 1;
    widths.put(metric, to);
    finestFrom.put(
        metric, since == Long.MIN_VALUE ? since : to.endAtOrAfter(WindowLevel.MINUTE, since));
    Map<WindowKey, Map<ByteString, Long>> old = new HashMap<>(counts);
    Map<WindowKey, Long> oldRevisions = new HashMap<>(revisions);
    counts.keySet().removeIf(window -> isFinest(window, metric));
    revisions.keySet().removeIf(window -> isFinest(window, metric));
    for (WindowKey window : old.keySet()) {
      long start = to.start(WindowLevel.MINUTE, window.startMillis());
      WindowKey into = new WindowKey(uid, metric.name, WindowLevel.MINUTE, start);
      if (folds && isFinest(window, metric) && isKept(into)) {
        Map<ByteString, Long> sum = counts.computeIfAbsent(into, unused -> new HashMap<>());
        old.get(window).forEach((key, count) -> sum.merge(key, count, Long::sum));
        if (oldRevisions.containsKey(window)) {
          revisions.merge(into, oldRevisions.get(window), Long::sum);
        }
      }
    }
  }

  private static boolean isFinest(WindowKey window, Metric metric) {
    return window.level() == WindowLevel.MINUTE
        && window.namespaceUid() == metric.namespaceUid
        && window.metric().equals(metric.name);
  }

  BucketWidth width(long uid, String metric) {
    return widths.getOrDefault(new Metric(uid, metric), defined(uid, metric));
  }

  private void apply(AcceptedBatch accepted) {
    long uid = accepted.getNamespaceUid();
    if (deleted.contains(uid)) {
      return;
    }
    RecordBatch batch = accepted.getBatch();
    for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
      watermarks.merge(uid, time(accepted, row), Math::max);
    }
    retire(uid);
    NamespaceDefinition definition = definition(uid);
    long lateness = definition.hasLatenessMillis() ? definition.getLatenessMillis() : 60_000;
    Set<WindowKey> late = new HashSet<>();
    int start = 0;
    for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
      ByteString key = batch.getKeys().substring(start, start + batch.getKeyLengths(row));
      start += key.size();
      long time = time(accepted, row);
      String metric =
          batch.getMetrics(batch.getMetricIndexesCount() == 0 ? 0 : batch.getMetricIndexes(row));
      long delta = batch.getDeltasCount() == 0 ? 1 : batch.getDeltas(row);
      boolean complete = true;
      BucketWidth width = width(uid, metric);
      widths.put(new Metric(uid, metric), width);
      for (WindowLevel level : WindowLevel.values()) {
        WindowKey window = new WindowKey(uid, metric, level, width.start(level, time));
        boolean isFinal =
            level != WindowLevel.ALL
                && width.end(level, window.startMillis()) + lateness
                    <= accepted.getAcceptedAtMillis();
        if (level == WindowLevel.HOUR && isFinal) {
          lateIncrements.merge(new Metric(uid, metric), 1L, Long::sum);
        }
        if (!isKept(window)) {
          complete = false;
          continue;
        }
        counts.computeIfAbsent(window, unused -> new HashMap<>()).merge(key, delta, Long::sum);
        if (isFinal) {
          late.add(window);
        }
      }
      if (!complete) {
        beyondRetention.merge(new Metric(uid, metric), 1L, Long::sum);
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

  private static long time(AcceptedBatch accepted, int row) {
    RecordBatch batch = accepted.getBatch();
    long base =
        batch.hasBaseTimeMillis() ? batch.getBaseTimeMillis() : accepted.getAcceptedAtMillis();
    return base + (batch.getTimeOffsetsMillisCount() == 0 ? 0 : batch.getTimeOffsetsMillis(row));
  }

  private NamespaceDefinition definition(long uid) {
    return definitions.getOrDefault(uid, NamespaceDefinition.getDefaultInstance());
  }

  private void retire(long uid) {
    Long watermark = watermarks.get(uid);
    if (watermark == null) {
      return;
    }
    Retention retention = definition(uid).getRetention();
    long day = 86_400_000L;
    raise(
        uid,
        WindowLevel.MINUTE,
        // Shorter buckets are retired a minute at a time, too.
        WindowLevel.MINUTE.start(
            watermark
                - (retention.hasMinuteMillis() ? retention.getMinuteMillis() : day * 26 / 24)));
    raise(
        uid,
        WindowLevel.HOUR,
        watermark - (retention.hasHourMillis() ? retention.getHourMillis() : day * 40));
    raise(
        uid,
        WindowLevel.DAY,
        watermark - (retention.hasDayMillis() ? retention.getDayMillis() : day * 400));
    counts.keySet().removeIf(window -> !isKept(window));
    revisions.keySet().removeIf(window -> !isKept(window));
  }

  private void raise(long uid, WindowLevel level, long horizon) {
    horizons
        .computeIfAbsent(uid, unused -> new EnumMap<>(WindowLevel.class))
        .merge(level, horizon, Math::max);
  }

  private boolean isKept(WindowKey window) {
    Long horizon = horizons.getOrDefault(window.namespaceUid(), Map.of()).get(window.level());
    BucketWidth width = width(window.namespaceUid(), window.metric());
    long from =
        window.level() == WindowLevel.MINUTE
            ? finestFrom.getOrDefault(
                new Metric(window.namespaceUid(), window.metric()), Long.MIN_VALUE)
            : Long.MIN_VALUE;
    return window.startMillis() >= from
        && (horizon == null || width.end(window.level(), window.startMillis()) > horizon);
  }

  long keptFrom(long uid, WindowLevel level) {
    Long horizon = horizons.getOrDefault(uid, Map.of()).get(level);
    return horizon == null ? Long.MIN_VALUE : level.start(horizon);
  }

  /** From when on a metric has everything in buckets of a level, at the finest of a width. */
  long keptFrom(long uid, String metric, WindowLevel level, BucketWidth width) {
    Metric named = new Metric(uid, metric);
    if (level != WindowLevel.MINUTE || !widths.containsKey(named)) {
      long from = keptFrom(uid, level);
      return from == Long.MIN_VALUE ? from : width.endAtOrAfter(level, from);
    }
    if (width.millis() % widths.get(named).millis() != 0) {
      return width.endAtOrAfter(level, watermarks.getOrDefault(uid, 0L) + 1);
    }
    Long horizon = horizons.getOrDefault(uid, Map.of()).get(level);
    long from =
        Math.max(
            finestFrom.getOrDefault(named, Long.MIN_VALUE),
            horizon == null ? Long.MIN_VALUE : widths.get(named).start(level, horizon));
    return from == Long.MIN_VALUE ? from : width.endAtOrAfter(level, from);
  }

  long keys() {
    return keys.values().stream().mapToLong(Set::size).sum();
  }

  /** The counts of the buckets of an interval, one by one. */
  List<Map<ByteString, Long>> buckets(long uid, String metric, Interval interval) {
    List<Map<ByteString, Long>> buckets = new ArrayList<>();
    for (long start = interval.startMillis();
        start < interval.endMillis();
        start = interval.end(start)) {
      Map<ByteString, Long> sum = new HashMap<>();
      for (WindowKey window : windows(uid, metric, interval.bucket(start))) {
        counts
            .getOrDefault(window, Map.of())
            .forEach((key, count) -> sum.merge(key, count, Long::sum));
      }
      buckets.add(sum);
    }
    return buckets;
  }

  /** The metric's own buckets in an interval. */
  private List<WindowKey> windows(long uid, String metric, Interval interval) {
    List<WindowKey> windows = new ArrayList<>();
    BucketWidth width = width(uid, metric);
    for (long start = interval.startMillis();
        start < interval.endMillis();
        start = width.end(interval.level(), start)) {
      windows.add(new WindowKey(uid, metric, interval.level(), start));
    }
    return windows;
  }

  Ranking ranking(long uid, String metric, Interval interval, int k) {
    Map<ByteString, Long> sum = new HashMap<>();
    buckets(uid, metric, interval)
        .forEach(bucket -> bucket.forEach((key, count) -> sum.merge(key, count, Long::sum)));
    long revision =
        windows(uid, metric, interval).stream()
            .mapToLong(window -> revisions.getOrDefault(window, 0L))
            .sum();
    return ranking(sum, revision, k);
  }

  private Ranking ranking(WindowKey window, int k) {
    return ranking(counts.getOrDefault(window, Map.of()), revisions.getOrDefault(window, 0L), k);
  }

  private static Ranking ranking(Map<ByteString, Long> counts, long revision, int k) {
    List<Map.Entry<ByteString, Long>> best =
        counts.entrySet().stream()
            .filter(entry -> entry.getValue() != 0)
            .sorted(ORDER)
            .limit(k)
            .toList();
    byte[][] rankedKeys = best.stream().map(e -> e.getKey().toByteArray()).toArray(byte[][]::new);
    long[] rankedCounts = best.stream().mapToLong(Map.Entry::getValue).toArray();
    return new Ranking(rankedKeys, rankedCounts, revision);
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
