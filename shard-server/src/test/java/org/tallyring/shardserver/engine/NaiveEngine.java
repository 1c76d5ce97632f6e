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
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.Retention;
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
      long time,
      ByteString id,
      Payload payload) {}

  final Map<WindowKey, Map<ByteString, Long>> counts = new HashMap<>();
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
  }

  private void define(NamespaceDefinition definition) {
    long uid = definition.getUid();
    NamespaceDefinition present = definitions.get(uid);
    if (!deleted.contains(uid)
        && (present == null || definition.getRevision() > present.getRevision())) {
      definitions.put(uid, definition);
      retire(uid);
    }
  }

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
    for (WindowLevel level : WindowLevel.values()) {
      WindowKey window = new WindowKey(uid, row.metric, level, level.start(row.time));
      boolean isFinal =
          level.isFinal(window.startMillis(), accepted.getAcceptedAtMillis(), lateness);
      if (level == WindowLevel.HOUR && isFinal) {
        lateIncrements.merge(metric, 1L, Long::sum);
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
          .merge(row.key, row.delta, Long::sum);
      if (isFinal) {
        late.add(window);
      }
    }
    if (!complete) {
      beyondRetention.merge(metric, 1L, Long::sum);
    }
    if (sliding) {
      logs.computeIfAbsent(metric, unused -> new ArrayList<>())
          .add(new Hit(row.key, row.time, row.delta));
      latestHits.merge(metric, row.time, Math::max);
    }
    hits.merge(metric, 1L, Long::sum);
    keys.computeIfAbsent(uid, unused -> new HashSet<>()).add(row.key);
    increments++;
  }

  private static List<Row> rows(AcceptedBatch accepted) {
    RecordBatch batch = accepted.getBatch();
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
          WindowKey window = new WindowKey(uid, row.metric, level, level.start(row.time));
          if (level.end(window.startMillis()) > edgeAt(uid, level, watermark)) {
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
    return retention == null ? present : Math.max(present, watermark - retention);
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
    retentions(uid).forEach((level, retention) -> raise(uid, level, watermark - retention));
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

  private void raise(long uid, WindowLevel level, long horizon) {
    horizons
        .computeIfAbsent(uid, unused -> new EnumMap<>(WindowLevel.class))
        .merge(level, horizon, Math::max);
  }

  private boolean isKept(WindowKey window) {
    Long horizon = horizons.getOrDefault(window.namespaceUid(), Map.of()).get(window.level());
    return horizon == null || window.level().end(window.startMillis()) > horizon;
  }

  long keptFrom(long uid, WindowLevel level) {
    Long horizon = horizons.getOrDefault(uid, Map.of()).get(level);
    return horizon == null ? Long.MIN_VALUE : level.start(horizon);
  }

  /** The same of one metric: a sliding window keeps what begins within its horizon. */
  long keptFrom(long uid, String name, WindowLevel level) {
    Metric metric = new Metric(uid, name);
    Long latest = latestHits.get(metric);
    if (latest == null || level == WindowLevel.ALL) {
      return keptFrom(uid, level);
    }
    // Events may be five minutes ahead of the clock.
    return level.endAtOrAfter(latest - slidingHorizon(metric) - 300_000);
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
    List<Hit> log = logs.get(new Metric(uid, metric));
    for (WindowKey window : windows(uid, metric, interval)) {
      buckets.add(
          log == null || interval.level() == WindowLevel.ALL
              ? counts.getOrDefault(window, Map.of())
              : hitsIn(log, window));
    }
    return buckets;
  }

  private static Map<ByteString, Long> hitsIn(List<Hit> log, WindowKey window) {
    Map<ByteString, Long> sums = new HashMap<>();
    for (Hit hit : log) {
      if (window.level().start(hit.timeMillis) == window.startMillis()) {
        sums.merge(hit.key, hit.delta, Long::sum);
      }
    }
    return sums;
  }

  private static List<WindowKey> windows(long uid, String metric, Interval interval) {
    List<WindowKey> windows = new ArrayList<>();
    WindowLevel level = interval.level();
    for (long start = interval.startMillis();
        start < interval.endMillis();
        start = level.end(start)) {
      windows.add(new WindowKey(uid, metric, level, start));
    }
    return windows;
  }

  /** The counts of an interval. */
  Map<ByteString, Long> sum(long uid, String metric, Interval interval) {
    Map<ByteString, Long> sum = new HashMap<>();
    buckets(uid, metric, interval)
        .forEach(bucket -> bucket.forEach((key, count) -> sum.merge(key, count, Long::sum)));
    return sum;
  }

  Ranking ranking(long uid, String metric, Interval interval, int k) {
    Map<ByteString, Long> sum = sum(uid, metric, interval);
    long revision =
        windows(uid, metric, interval).stream()
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
