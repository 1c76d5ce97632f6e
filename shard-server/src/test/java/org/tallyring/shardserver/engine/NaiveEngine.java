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
import java.util.NavigableMap;
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

  /** An increment of a sliding window. */
  record Hit(ByteString key, long timeMillis, long delta) {}

  /** An event id of a key. */
  private record Event(long namespaceUid, ByteString key, ByteString id) {}

  /** What repeats of an event have in common; a batch without a base time has only offsets. */
  private record Payload(String metric, long delta, boolean timed, long time) {}

  private record Known(long tick, Payload payload) {}

  /** One row of a batch. */
  private record Row(
      int number,
      ByteString key,
      String metric,
      long delta,
      long repeats,
      long time,
      ByteString id,
      Payload payload) {}

  /** By namespace, metric, level and time. */
  final NavigableMap<WindowKey, Map<ByteString, Long>> counts =
      new TreeMap<>(
          Comparator.comparingLong(WindowKey::namespaceUid)
              .thenComparing(WindowKey::metric)
              .thenComparing(WindowKey::level)
              .thenComparingLong(WindowKey::startMillis));

  final Map<WindowKey, Long> revisions = new HashMap<>();
  final Map<Long, Map<String, Long>> lateCorrections = new TreeMap<>();
  final Map<Metric, Long> lateIncrements = new HashMap<>();
  final Map<Metric, Long> beyondRetention = new HashMap<>();
  final Map<Metric, Long> hits = new HashMap<>();

  /** The hits of the metrics that are sliding windows, and the latest of them. */
  final Map<Metric, List<Hit>> logs = new HashMap<>();

  final Map<Metric, Long> latestHits = new HashMap<>();
  final Map<Long, Set<ByteString>> keys = new HashMap<>();
  final Map<Long, NamespaceDefinition> definitions = new HashMap<>();
  final Map<Long, Long> watermarks = new HashMap<>();

  /** For each namespace and level: buckets that end there or before are gone. */
  final Map<Long, Map<WindowLevel, Long>> horizons = new HashMap<>();

  /** How long the finest buckets of the metrics are that were ever counted in any. */
  final Map<Metric, BucketWidth> widths = new HashMap<>();

  /** From when on these buckets hold everything, where a swap began them afresh. */
  final Map<Metric, Long> finestFrom = new HashMap<>();

  final Set<Long> deleted = new HashSet<>();
  private final Map<Event, Known> events = new HashMap<>();
  private final Map<Long, Long> forgottenBefore = new HashMap<>();

  /** For each batch of the last entry: the rows that did not count. */
  final List<List<Integer>> duplicateRows = new ArrayList<>();

  long journalTimeMillis = Long.MIN_VALUE;
  long increments;

  void apply(JournalEntry entry) {
    duplicateRows.clear();
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
    hits.keySet().removeIf(metric -> metric.namespaceUid == uid);
    logs.keySet().removeIf(metric -> metric.namespaceUid == uid);
    latestHits.keySet().removeIf(metric -> metric.namespaceUid == uid);
    events.keySet().removeIf(event -> event.namespaceUid == uid);
    forgottenBefore.remove(uid);
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

  // --- finest buckets ---

  /** The width that the definition held gives a metric. */
  private BucketWidth defined(long uid, String metric) {
    return definition(uid).getMetricsList().stream()
        .filter(each -> each.getName().equals(metric))
        .findFirst()
        .map(Namespaces::bucketWidth)
        .orElse(BucketWidth.MINUTE);
  }

  /** How long the finest buckets of a metric are. */
  BucketWidth width(long uid, String metric) {
    BucketWidth width = widths.get(new Metric(uid, metric));
    return width == null ? defined(uid, metric) : width;
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

  // --- counting ---

  private void apply(AcceptedBatch accepted) {
    long uid = accepted.getNamespaceUid();
    List<Integer> duplicates = new ArrayList<>();
    duplicateRows.add(duplicates);
    journalTimeMillis = Math.max(journalTimeMillis, accepted.getAcceptedAtMillis());
    if (deleted.contains(uid)) {
      return;
    }
    List<Row> rows = rows(accepted);
    rows.forEach(row -> watermarks.merge(uid, row.time, Math::max));
    retire(uid);
    forgottenBefore.put(uid, forgottenBefore(uid, journalTimeMillis));
    Set<WindowKey> late = new HashSet<>();
    for (Row row : rows) {
      if (isNew(uid, row)) {
        count(accepted, row, late);
      } else {
        duplicates.add(row.number);
      }
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

  private void count(AcceptedBatch accepted, Row row, Set<WindowKey> late) {
    long uid = accepted.getNamespaceUid();
    long lateness =
        definition(uid).hasLatenessMillis() ? definition(uid).getLatenessMillis() : 60_000;
    Metric metric = new Metric(uid, row.metric);
    boolean sliding = slidingHorizon(metric) > 0;
    boolean complete = true;
    BucketWidth width = width(uid, row.metric);
    if (!sliding) {
      widths.put(metric, width);
    }
    for (WindowLevel level : WindowLevel.values()) {
      WindowKey window = new WindowKey(uid, row.metric, level, width.start(level, row.time));
      boolean isFinal =
          level != WindowLevel.ALL
              && width.end(level, window.startMillis()) + lateness
                  <= accepted.getAcceptedAtMillis();
      if (level == WindowLevel.HOUR && isFinal) {
        lateIncrements.merge(metric, row.repeats, Long::sum);
      }
      if (sliding && level != WindowLevel.ALL) {
        continue;
      }
      if (!isKept(window)) {
        complete = false;
        continue;
      }
      counts
          .computeIfAbsent(window, unused -> new HashMap<>())
          .merge(row.key, row.delta * row.repeats, Long::sum);
      if (isFinal) {
        late.add(window);
      }
    }
    if (!complete) {
      beyondRetention.merge(metric, row.repeats, Long::sum);
    }
    if (sliding) {
      logs.computeIfAbsent(metric, unused -> new ArrayList<>())
          .add(new Hit(row.key, row.time, row.delta * row.repeats));
      latestHits.merge(metric, row.time, Math::max);
    }
    hits.merge(metric, row.repeats, Long::sum);
    keys.computeIfAbsent(uid, unused -> new HashSet<>()).add(row.key);
    increments += row.repeats;
  }

  private static List<Row> rows(AcceptedBatch accepted) {
    RecordBatch batch = Batches.message(accepted);
    List<Row> rows = new ArrayList<>();
    int keyStart = 0;
    int idStart = 0;
    for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
      int keyEnd = keyStart + batch.getKeyLengths(row);
      int idEnd =
          idStart + (batch.getEventIdLengthsCount() == 0 ? 0 : batch.getEventIdLengths(row));
      String metric =
          batch.getMetrics(batch.getMetricIndexesCount() == 0 ? 0 : batch.getMetricIndexes(row));
      long delta = batch.getDeltasCount() == 0 ? 1 : batch.getDeltas(row);
      long offset = batch.getTimeOffsetsMillisCount() == 0 ? 0 : batch.getTimeOffsetsMillis(row);
      boolean timed = batch.hasBaseTimeMillis();
      long time = (timed ? batch.getBaseTimeMillis() : accepted.getAcceptedAtMillis()) + offset;
      rows.add(
          new Row(
              row,
              batch.getKeys().substring(keyStart, keyEnd),
              metric,
              delta,
              batch.getRepeatsCount() == 0 ? 1 : batch.getRepeats(row),
              time,
              batch.getEventIds().substring(idStart, idEnd),
              new Payload(metric, delta, timed, timed ? time : offset)));
      keyStart = keyEnd;
      idStart = idEnd;
    }
    return rows;
  }

  // --- event ids ---

  private boolean isNew(long uid, Row row) {
    if (row.id.isEmpty()) {
      return true;
    }
    Event event = new Event(uid, row.key, row.id);
    Known known = events.get(event);
    if (known != null
        && known.tick >= forgottenBefore.getOrDefault(uid, 0L)
        && known.payload.equals(row.payload)) {
      return false;
    }
    events.put(event, new Known(tick(journalTimeMillis), row.payload));
    return true;
  }

  /** The rows whose event ids are known with another payload when they are accepted. */
  List<Integer> contradictions(AcceptedBatch accepted) {
    long uid = accepted.getNamespaceUid();
    List<Integer> contradictions = new ArrayList<>();
    for (Row row : rows(accepted)) {
      Known known = events.get(new Event(uid, row.key, row.id));
      if (known != null
          && known.tick >= forgottenBefore(uid, accepted.getAcceptedAtMillis())
          && !known.payload.equals(row.payload)) {
        contradictions.add(row.number);
      }
    }
    return contradictions;
  }

  private long forgottenBefore(long uid, long nowMillis) {
    long horizon =
        definition(uid).hasEventIdHorizonMillis()
            ? definition(uid).getEventIdHorizonMillis()
            : 3_600_000;
    long tick = EventIdTable.TICK_MILLIS;
    return Math.max(
        forgottenBefore.getOrDefault(uid, 0L), tick(nowMillis) - (horizon + tick - 1) / tick);
  }

  private static long tick(long millis) {
    return millis / EventIdTable.TICK_MILLIS;
  }

  // --- overflow ---

  /** The rows that would take a count out of 64 bits, each judged without those before it. */
  List<Integer> overflowing(AcceptedBatch accepted) {
    long uid = accepted.getNamespaceUid();
    List<Integer> refused = new ArrayList<>();
    if (deleted.contains(uid)) {
      return refused;
    }
    List<Row> rows = rows(accepted);
    long watermark =
        rows.stream()
            .mapToLong(Row::time)
            .reduce(watermarks.getOrDefault(uid, Long.MIN_VALUE), Math::max);
    Map<WindowKey, Map<ByteString, Long>> sums = new HashMap<>();
    for (Row row : rows) {
      Map<WindowKey, Long> fitting = new HashMap<>();
      try {
        for (WindowLevel level : WindowLevel.values()) {
          BucketWidth width = width(uid, row.metric);
          WindowKey window = new WindowKey(uid, row.metric, level, width.start(level, row.time));
          if (isKept(window, edgeAt(uid, level, watermark))) {
            long count =
                sums.getOrDefault(window, counts.getOrDefault(window, Map.of()))
                    .getOrDefault(row.key, 0L);
            fitting.put(window, Math.addExact(count, row.delta));
          }
        }
        fitting.forEach(
            (window, sum) ->
                sums.computeIfAbsent(
                        window, unused -> new HashMap<>(counts.getOrDefault(window, Map.of())))
                    .put(row.key, sum));
      } catch (ArithmeticException overflow) {
        refused.add(row.number);
      }
    }
    return refused;
  }

  /** Buckets that end there or before are gone once the watermark is there. */
  private long edgeAt(long uid, WindowLevel level, long watermark) {
    Long retention = retentions(uid).get(level);
    long present = horizons.getOrDefault(uid, Map.of()).getOrDefault(level, Long.MIN_VALUE);
    return retention == null ? present : Math.max(present, horizon(level, watermark - retention));
  }

  // --- retention ---

  private NamespaceDefinition definition(long uid) {
    return definitions.getOrDefault(uid, NamespaceDefinition.getDefaultInstance());
  }

  private void retire(long uid) {
    Long watermark = watermarks.get(uid);
    if (watermark == null) {
      return;
    }
    retentions(uid)
        .forEach((level, retention) -> raise(uid, level, horizon(level, watermark - retention)));
    counts.keySet().removeIf(window -> !isKept(window));
    revisions.keySet().removeIf(window -> !isKept(window));
  }

  private Map<WindowLevel, Long> retentions(long uid) {
    Retention retention = definition(uid).getRetention();
    long day = 86_400_000L;
    return Map.of(
        WindowLevel.MINUTE,
        retention.hasMinuteMillis() ? retention.getMinuteMillis() : day * 26 / 24,
        WindowLevel.HOUR,
        retention.hasHourMillis() ? retention.getHourMillis() : day * 40,
        WindowLevel.DAY,
        retention.hasDayMillis() ? retention.getDayMillis() : day * 400);
  }

  /** The finest buckets are retired a minute at a time, however long they are. */
  private static long horizon(WindowLevel level, long millis) {
    return level == WindowLevel.MINUTE ? level.start(millis) : millis;
  }

  private void raise(long uid, WindowLevel level, long horizon) {
    horizons
        .computeIfAbsent(uid, unused -> new EnumMap<>(WindowLevel.class))
        .merge(level, horizon, Math::max);
  }

  private boolean isKept(WindowKey window) {
    return isKept(
        window,
        horizons
            .getOrDefault(window.namespaceUid(), Map.of())
            .getOrDefault(window.level(), Long.MIN_VALUE));
  }

  private boolean isKept(WindowKey window, long horizon) {
    Metric metric = new Metric(window.namespaceUid(), window.metric());
    return width(metric.namespaceUid, metric.name).end(window.level(), window.startMillis())
            > horizon
        && (window.level() != WindowLevel.MINUTE
            || window.startMillis() >= finestFrom.getOrDefault(metric, Long.MIN_VALUE));
  }

  long keptFrom(long uid, WindowLevel level) {
    Long horizon = horizons.getOrDefault(uid, Map.of()).get(level);
    return horizon == null ? Long.MIN_VALUE : level.start(horizon);
  }

  /** From when on a metric has everything in buckets of a level, at the finest of a width. */
  long keptFrom(long uid, String name, WindowLevel level, BucketWidth width) {
    long from = keptFrom(new Metric(uid, name), level, width);
    return from == Long.MIN_VALUE ? from : width.endAtOrAfter(level, from);
  }

  private long keptFrom(Metric metric, WindowLevel level, BucketWidth width) {
    long uid = metric.namespaceUid;
    Long latest = latestHits.get(metric);
    if (latest != null && level != WindowLevel.ALL) {
      // Events may be five minutes ahead of the clock.
      return latest - slidingHorizon(metric) - 300_000;
    }
    BucketWidth own = widths.get(metric);
    if (level != WindowLevel.MINUTE || own == null) {
      return keptFrom(uid, level);
    }
    if (width.millis() % own.millis() != 0) {
      return watermarks.getOrDefault(uid, 0L) + 1;
    }
    Long horizon = horizons.getOrDefault(uid, Map.of()).get(level);
    return Math.max(
        finestFrom.getOrDefault(metric, Long.MIN_VALUE),
        horizon == null ? Long.MIN_VALUE : own.start(level, horizon));
  }

  /** 0 for a metric that is no sliding window. */
  private long slidingHorizon(Metric metric) {
    return definition(metric.namespaceUid).getMetricsList().stream()
        .filter(each -> each.getName().equals(metric.name))
        .mapToLong(each -> each.getSlidingWindow().getHorizonMillis())
        .sum();
  }

  /** How many counts of a metric are not 0: of all time, and in all buckets. */
  long[] entries(long uid, String metric) {
    long[] entries = new long[2];
    counts.forEach(
        (window, bucket) -> {
          if (window.namespaceUid() == uid && window.metric().equals(metric)) {
            long size = bucket.values().stream().filter(count -> count != 0).count();
            entries[0] += window.level() == WindowLevel.ALL ? size : 0;
            entries[1] += size;
          }
        });
    return entries;
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
      buckets.add(sum(uid, metric, interval.bucket(start)));
    }
    return buckets;
  }

  /** The counts of an interval. */
  Map<ByteString, Long> sum(long uid, String metric, Interval interval) {
    Map<ByteString, Long> sum = new HashMap<>();
    List<Hit> log = logs.get(new Metric(uid, metric));
    if (log == null || interval.level() == WindowLevel.ALL) {
      windows(uid, metric, interval)
          .forEach(
              (window, bucket) -> bucket.forEach((key, count) -> sum.merge(key, count, Long::sum)));
      return sum;
    }
    for (Hit hit : log) {
      if (hit.timeMillis >= interval.startMillis() && hit.timeMillis < interval.endMillis()) {
        sum.merge(hit.key, hit.delta, Long::sum);
      }
    }
    return sum;
  }

  /** The metric's own buckets in an interval. */
  private Map<WindowKey, Map<ByteString, Long>> windows(
      long uid, String metric, Interval interval) {
    return counts.subMap(
        new WindowKey(uid, metric, interval.level(), interval.startMillis()),
        new WindowKey(uid, metric, interval.level(), interval.endMillis()));
  }

  Ranking ranking(long uid, String metric, Interval interval, int k) {
    Map<ByteString, Long> sum = sum(uid, metric, interval);
    long revision =
        windows(uid, metric, interval).keySet().stream()
            .mapToLong(window -> revisions.getOrDefault(window, 0L))
            .sum();
    return ranking(sum, revision, k);
  }

  private Ranking ranking(WindowKey window, int k) {
    return ranking(counts.getOrDefault(window, Map.of()), revisions.getOrDefault(window, 0L), k);
  }

  /** The best of some numbers. */
  static Ranking ranking(Map<ByteString, Long> counts, long revision, int k) {
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
