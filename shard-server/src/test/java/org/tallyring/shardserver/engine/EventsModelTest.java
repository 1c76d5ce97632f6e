package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.proto.v1.Window;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * What random histories tell, against brute force, with snapshots in between and replayed. jqwik
 * reports the history's seed when one fails, and {@code seed} alone determines it.
 */
class EventsModelTest {

  private static final int RANGE = 3;
  private static final long HOUR = 3_600_000;
  private static final long[] STEPS = {0, 1, 1_000, 60_000, HOUR / 2, HOUR, 9 * HOUR, 800 * HOUR};
  private static final String[] METRICS = {"clicks", "views"};
  private static final long HORIZON = HOUR;
  private static final long[] BUCKETS = {1_000, 10_000, 60_000, 900_000};

  /** In buckets of its own. */
  private static final String BUCKETED = METRICS[0];

  /** By every hit's millisecond. */
  private static final String SLIDING = METRICS[1];

  private static final WindowLevel[] WINDOWS = {
    WindowLevel.HOUR, WindowLevel.DAY, WindowLevel.MONTH, WindowLevel.ALL
  };

  /** What a test compares of an event; the number shows by the order. */
  private record Told(String what, String namespace, String metric, String about) {

    static Told of(Event event) {
      String about =
          switch (event.getPayloadCase()) {
            case WINDOW_SEALED ->
                event.getWindowSealed().getWindow()
                    + " "
                    + event.getWindowSealed().getStartMillis();
            case WINDOW_CORRECTED ->
                event.getWindowCorrected().getWindow()
                    + " "
                    + event.getWindowCorrected().getStartMillis()
                    + " "
                    + event.getWindowCorrected().getRevision();
            case THRESHOLD_EXCEEDED ->
                threshold(
                    event.getThresholdExceeded().getRule(),
                    event.getThresholdExceeded().getStartMillis(),
                    event.getKey(),
                    event.getThresholdExceeded().getCount());
            case METRICS_UPDATED -> Long.toString(event.getMetricsUpdated().getRevision());
            default -> throw new AssertionError(event);
          };
      return new Told(event.getKind().name(), event.getNamespace(), event.getMetric(), about);
    }

    static String threshold(String rule, long start, ByteString key, long count) {
      return rule + " " + start + " " + key.toStringUtf8() + " " + count;
    }
  }

  /** The events, from maps of all counts, in which nothing is ever forgotten. */
  private static final class Oracle {

    private record Cell(WindowKey window, ByteString key) {}

    private record RuleCell(long uid, String rule, Cell cell) {}

    private record Counted(long uid, String metric, ByteString key) {}

    private record RuleKey(long uid, String rule, ByteString key) {}

    private record Hit(long timeMillis, long delta) {}

    private final Map<Long, NamespaceDefinition> definitions = new LinkedHashMap<>();
    private final Map<Long, List<String>> metrics = new LinkedHashMap<>();
    private final Map<Long, Long> marks = new HashMap<>();
    private final Map<Cell, Long> counts = new HashMap<>();
    private final Set<WindowKey> windows = new HashSet<>();
    private final Set<WindowKey> sealed = new HashSet<>();
    private final Map<WindowKey, Long> revisions = new HashMap<>();

    private final BucketWidth bucket;
    private final Map<Counted, List<Hit>> hits = new HashMap<>();
    private final Map<Long, Long> watermarks = new HashMap<>();

    /** The highest event times of the sliding metrics. */
    private final Map<Long, Long> highest = new HashMap<>();

    /** For rules about spans, where keys were told and not armed again. */
    private final Map<RuleKey, Long> toldAt = new HashMap<>();

    /** Whether a rule was told and not armed again. Absent: as the count says. */
    private final Map<RuleCell, Boolean> fired = new HashMap<>();

    private long journalTimeMillis;
    List<Told> told = new ArrayList<>();

    Oracle(BucketWidth bucket) {
      this.bucket = bucket;
    }

    void define(NamespaceDefinition definition, RangeEngine after) {
      NamespaceDefinition before = definitions.get(definition.getUid());
      if (before != null && before.getRevision() >= definition.getRevision()) {
        return;
      }
      definitions.put(definition.getUid(), definition);
      told.add(
          new Told(
              EventKind.EVENT_KIND_METRICS_UPDATED.name(),
              definition.getName(),
              "",
              Long.toString(definition.getRevision())));
      fired
          .keySet()
          .removeIf(
              cell ->
                  cell.uid == definition.getUid()
                      && (before == null
                          || !definition.getRulesList().stream()
                              .filter(rule -> rule.getName().equals(cell.rule))
                              .allMatch(before.getRulesList()::contains)
                          || definition.getRulesList().stream()
                              .noneMatch(rule -> rule.getName().equals(cell.rule))));
      defineSpans(definition, before == null ? List.of() : before.getRulesList(), after);
    }

    private void defineSpans(
        NamespaceDefinition definition, List<ThresholdRule> before, RangeEngine after) {
      long uid = definition.getUid();
      toldAt
          .keySet()
          .removeIf(
              told ->
                  told.uid == uid
                      && definition.getRulesList().stream()
                          .noneMatch(
                              rule -> rule.getName().equals(told.rule) && before.contains(rule)));
      for (ThresholdRule rule : definition.getRulesList()) {
        if (rule.getSpanMillis() == 0 || before.contains(rule) || !watermarks.containsKey(uid)) {
          continue;
        }
        Interval span = span(rule, watermarks.get(uid));
        for (Counted counted : List.copyOf(hits.keySet())) {
          if (isAbout(rule, counted)
              && counted.uid == uid
              && span.startMillis() >= keptFrom(counted, span, after)
              && sum(counted, span) >= rule.getLimit()) {
            toldAt.put(new RuleKey(uid, rule.getName(), counted.key), span.endMillis());
          }
        }
      }
    }

    private static boolean isAbout(ThresholdRule rule, Counted counted) {
      return rule.getMetric().equals(counted.metric)
          && (rule.getKey().isEmpty() || rule.getKey().equals(counted.key));
    }

    private Interval span(ThresholdRule rule, long timeMillis) {
      BucketWidth width = rule.getMetric().equals(SLIDING) ? BucketWidth.MILLISECOND : this.bucket;
      long end = Math.floorDiv(timeMillis, width.millis()) * width.millis() + width.millis();
      long start = Math.floorDiv(end - rule.getSpanMillis(), width.millis()) * width.millis();
      return new Interval(WindowLevel.MINUTE, width, start, end);
    }

    /** From when on everything is known of a metric. */
    private long keptFrom(Counted counted, Interval interval, RangeEngine engine) {
      return counted.metric.equals(SLIDING) && interval.level() != WindowLevel.ALL
          ? highest.getOrDefault(counted.uid, Long.MIN_VALUE / 2) - HORIZON - 300_000
          : engine.kept(counted.uid, counted.metric, interval).from(interval.level());
    }

    private long sum(Counted counted, Interval interval) {
      return hits.getOrDefault(counted, List.of()).stream()
          .filter(hit -> hit.timeMillis >= interval.startMillis())
          .filter(hit -> hit.timeMillis < interval.endMillis())
          .mapToLong(Hit::delta)
          .sum();
    }

    void apply(AcceptedBatch accepted, RangeEngine after) {
      journalTimeMillis = Math.max(journalTimeMillis, accepted.getAcceptedAtMillis());
      long uid = accepted.getNamespaceUid();
      RecordBatch batch = Batches.message(accepted);
      metrics.computeIfAbsent(uid, id -> new ArrayList<>());
      seal();
      Set<WindowKey> corrected = new HashSet<>();
      for (long time : batch.getTimeOffsetsMillisList()) {
        watermarks.merge(uid, time, Math::max);
      }
      int start = 0;
      for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
        ByteString key = batch.getKeys().substring(start, start + batch.getKeyLengths(row));
        start += key.size();
        String metric = batch.getMetrics(batch.getMetricIndexes(row));
        if (!metrics.get(uid).contains(metric)) {
          metrics.get(uid).add(metric);
        }
        long time = batch.getTimeOffsetsMillis(row);
        if (metric.equals(SLIDING)) {
          highest.merge(uid, time, Math::max);
        }
        hits.computeIfAbsent(new Counted(uid, metric, key), counted -> new ArrayList<>())
            .add(new Hit(time, batch.getDeltas(row)));
        for (WindowLevel level : WINDOWS) {
          if (metric.equals(SLIDING) && level != WindowLevel.ALL) {
            continue;
          }
          WindowKey window = new WindowKey(uid, metric, level, level.start(time));
          if (window.startMillis() < after.keptFrom(uid, level)) {
            continue;
          }
          if (windows.add(window) && end(window) <= marks.getOrDefault(uid, Long.MIN_VALUE)) {
            sealed.add(window);
          }
          if (level.isFinal(window.startMillis(), accepted.getAcceptedAtMillis(), lateness(uid))
              && corrected.add(window)) {
            told.add(
                new Told(
                    EventKind.EVENT_KIND_WINDOW_CORRECTED.name(),
                    batch.getNamespace(),
                    metric,
                    nameOf(level)
                        + " "
                        + window.startMillis()
                        + " "
                        + revisions.merge(window, 1L, Long::sum)));
          }
          counts.merge(new Cell(window, key), batch.getDeltas(row), Long::sum);
        }
        checkRules(uid, batch.getNamespace(), metric, key, time, batch.getDeltas(row), after);
      }
    }

    private void checkRules(
        long uid,
        String namespace,
        String metric,
        ByteString key,
        long time,
        long delta,
        RangeEngine engine) {
      if (!definitions.containsKey(uid)) {
        return;
      }
      Counted counted = new Counted(uid, metric, key);
      for (ThresholdRule rule : definitions.get(uid).getRulesList()) {
        if (rule.getSpanMillis() > 0) {
          if (isAbout(rule, counted)) {
            checkSpan(rule, namespace, counted, time, delta, engine);
          }
          continue;
        }
        WindowLevel level = SnapshotFormat.levelOf(rule.getWindowValue());
        WindowKey window = new WindowKey(uid, metric, level, level.start(time));
        if (!rule.getMetric().equals(metric)
            || (!rule.getKey().isEmpty() && !rule.getKey().equals(key))
            || window.startMillis()
                < keptFrom(counted, Interval.window(level, window.startMillis()), engine)) {
          continue;
        }
        Cell cell = new Cell(window, key);
        long count = sum(counted, Interval.window(level, window.startMillis()));
        RuleCell state = new RuleCell(uid, rule.getName(), cell);
        boolean was = fired.getOrDefault(state, count - delta >= rule.getLimit());
        long mark = rule.hasRearmBelow() ? rule.getRearmBelow() : rule.getLimit();
        boolean is = was ? count >= mark : count >= rule.getLimit();
        fired.put(state, is);
        if (is && !was) {
          told.add(
              new Told(
                  EventKind.EVENT_KIND_THRESHOLD_EXCEEDED.name(),
                  namespace,
                  metric,
                  Told.threshold(rule.getName(), window.startMillis(), key, count)));
        }
      }
    }

    private void checkSpan(
        ThresholdRule rule,
        String namespace,
        Counted counted,
        long time,
        long delta,
        RangeEngine engine) {
      Interval span = span(rule, time);
      long keptFrom = keptFrom(counted, span, engine);
      if (span.startMillis() < keptFrom) {
        return;
      }
      RuleKey key = new RuleKey(counted.uid, rule.getName(), counted.key);
      long told = toldAt.getOrDefault(key, Long.MIN_VALUE);
      boolean stands = told > keptFrom;
      if (stands && span.endMillis() < told) {
        return;
      }
      long mark = rule.hasRearmBelow() ? rule.getRearmBelow() : rule.getLimit();
      long after = sum(counted, span);
      if (stands && after - delta >= mark && after >= mark) {
        toldAt.put(key, span.endMillis());
      } else if (stands && after - delta >= mark) {
        toldAt.remove(key);
      } else if (after < rule.getLimit()) {
        toldAt.remove(key);
      } else {
        toldAt.put(key, span.endMillis());
        this.told.add(
            new Told(
                EventKind.EVENT_KIND_THRESHOLD_EXCEEDED.name(),
                namespace,
                counted.metric,
                Told.threshold(rule.getName(), span.startMillis(), counted.key, after)));
      }
    }

    /** In no order within one moment. */
    private void seal() {
      for (long uid : allNamespaces()) {
        marks.merge(uid, journalTimeMillis - lateness(uid), Math::max);
      }
      for (WindowKey window : windows) {
        long uid = window.namespaceUid();
        if (end(window) <= marks.getOrDefault(uid, Long.MIN_VALUE) && sealed.add(window)) {
          told.add(
              new Told(
                  EventKind.EVENT_KIND_WINDOW_SEALED.name(),
                  "ns-" + uid,
                  window.metric(),
                  nameOf(window.level()) + " " + window.startMillis()));
        }
      }
    }

    private Set<Long> allNamespaces() {
      Set<Long> all = new HashSet<>(definitions.keySet());
      all.addAll(metrics.keySet());
      return all;
    }

    private static long end(WindowKey window) {
      return window.level().end(window.startMillis());
    }

    private long lateness(long uid) {
      NamespaceDefinition definition = definitions.get(uid);
      return definition == null || !definition.hasLatenessMillis()
          ? 60_000
          : definition.getLatenessMillis();
    }

    private static String nameOf(WindowLevel level) {
      return Window.forNumber(SnapshotFormat.numberOf(level)).name();
    }
  }

  /** Entries: few keys and small limits, so that counts cross them all the time. */
  private static final class History {
    final Random random;
    long nowMillis = Batches.NOON;
    final long[] revisions = new long[3];
    final BucketWidth bucket;
    final List<List<ThresholdRule>> rules =
        new ArrayList<>(Arrays.asList(List.of(), List.of(), List.of()));

    History(long seed) {
      random = new Random(seed);
      bucket = new BucketWidth(BUCKETS[random.nextInt(BUCKETS.length)]);
    }

    JournalEntry next() {
      // A namespace begins with its definition: no metric is ever swapped.
      for (int uid = 1; uid <= 2; uid++) {
        if (revisions[uid] == 0) {
          return definition(uid);
        }
      }
      nowMillis += STEPS[random.nextInt(STEPS.length)];
      return random.nextInt(5) == 0
          ? definition(1 + random.nextInt(2))
          : Batches.entry(batch(), batch());
    }

    private JournalEntry definition(int uid) {
      List<ThresholdRule> changed = new ArrayList<>(rules.get(uid));
      String name = "rule-" + random.nextInt(4);
      changed.removeIf(rule -> rule.getName().equals(name));
      if (random.nextInt(4) > 0) {
        changed.add(rule(name));
      }
      rules.set(uid, changed);
      NamespaceDefinition.Builder definition =
          NamespaceDefinition.newBuilder()
              .setUid(uid)
              .setName("ns-" + uid)
              .setRevision(++revisions[uid])
              .addAllRules(changed);
      definition
          .addMetricsBuilder()
          .setName(BUCKETED)
          .getFixedWindowBuilder()
          .setBucketMillis(bucket.millis());
      definition
          .addMetricsBuilder()
          .setName(SLIDING)
          .getSlidingWindowBuilder()
          .setHorizonMillis(HORIZON);
      if (random.nextBoolean()) {
        definition.setLatenessMillis(random.nextInt(3) * HOUR / 2);
      }
      return Batches.definition(definition);
    }

    private ThresholdRule rule(String name) {
      long limit = 1 + random.nextInt(8);
      ThresholdRule.Builder rule =
          ThresholdRule.newBuilder()
              .setName(name)
              .setMetric(METRICS[random.nextInt(2)])
              .setLimit(limit);
      boolean isSpan = random.nextInt(2) == 0;
      boolean isSliding = rule.getMetric().equals(SLIDING);
      if (isSpan && isSliding) {
        rule.setSpanMillis(1 + random.nextLong(random.nextBoolean() ? 2_000 : HORIZON));
      } else if (isSpan) {
        rule.setSpanMillis(bucket.millis() + random.nextLong(20 * bucket.millis()));
      } else {
        // Of a sliding metric nothing but the hour and all time is whole.
        int window = isSliding ? 3 * random.nextInt(2) : random.nextInt(4);
        rule.setWindowValue(SnapshotFormat.numberOf(WINDOWS[window]));
      }
      if (random.nextBoolean()) {
        long mark = limit - random.nextInt(6);
        rule.setRearmBelow(isSpan ? Math.max(1, mark) : mark);
      }
      if (random.nextInt(3) == 0) {
        rule.setKey(ByteString.copyFromUtf8("k" + random.nextInt(4)));
      }
      return rule.build();
    }

    private AcceptedBatch batch() {
      long uid = 1L + random.nextInt(2);
      // A later owner's clock may be behind.
      long acceptedAt = nowMillis - random.nextInt(3) * 1_000L;
      Batches batch = Batches.batch().namespace(uid, "ns-" + uid).acceptedAt(acceptedAt);
      int rows = random.nextInt(20) == 0 ? 600 : 1 + random.nextInt(10);
      for (int row = 0; row < rows; row++) {
        long back =
            switch (random.nextInt(5)) {
              case 0 -> random.nextLong(30 * HOUR);
              case 1 -> random.nextLong(2 * HOUR);
              default -> random.nextInt(999);
            };
        long delta = random.nextInt(9) - 4L;
        batch.row(
            METRICS[random.nextInt(2)],
            "k" + random.nextInt(4),
            delta == 0 ? 5 : delta,
            acceptedAt - back);
      }
      return batch.accepted();
    }
  }

  private static List<Event> eventsAfter(RangeEngine engine, long number) {
    return engine
        .events(new EventQuery(number, 0, "", EnumSet.allOf(EventKind.class), 0, Integer.MAX_VALUE))
        .events();
  }

  private static long last(RangeEngine engine) {
    return engine.eventsSoFar();
  }

  @Property(tries = 25)
  void whatIsToldEqualsTheOracleAcrossSnapshotsAndReplays(@ForAll long seed) {
    History history = new History(seed);
    Oracle oracle = new Oracle(history.bucket);
    RangeEngine straight = new RangeEngine(RANGE);
    RangeEngine restored = new RangeEngine(RANGE);
    for (int i = 0; i < 120; i++) {
      JournalEntry entry = history.next();
      if (entry.hasNamespaceDefined()) {
        assertToldAlike(straight, restored, oracle, entry);
      } else {
        // Batch by batch, since the oracle asks the engine what is kept.
        for (AcceptedBatch batch : entry.getBatches().getBatchesList()) {
          assertToldAlike(straight, restored, oracle, Batches.entry(batch));
        }
      }
      if (history.random.nextInt(6) == 0) {
        restored = RangeEngine.restore(RANGE, restored.snapshot(4096 << history.random.nextInt(4)));
      }
    }
    assertThat(restored.snapshot(8192)).containsExactlyElementsOf(straight.snapshot(8192));
    assertThat(thresholdEvents(restored)).isEqualTo(thresholdEvents(straight)).isNotEmpty();
  }

  private static void assertToldAlike(
      RangeEngine straight, RangeEngine restored, Oracle oracle, JournalEntry entry) {
    long before = last(straight);
    straight.apply(entry);
    restored.apply(entry);
    List<Event> events = eventsAfter(straight, before);
    assertThat(eventsAfter(restored, before)).isEqualTo(events);
    oracle.told = new ArrayList<>();
    if (entry.hasNamespaceDefined()) {
      oracle.define(entry.getNamespaceDefined().getDefinition(), straight);
    } else {
      oracle.apply(entry.getBatches().getBatches(0), straight);
    }
    List<Told> told =
        events.stream()
            .filter(event -> event.getKind() != EventKind.EVENT_KIND_PRUNED)
            .map(Told::of)
            .toList();
    assertThat(told).containsExactlyInAnyOrderElementsOf(oracle.told);
    assertThat(thresholds(told)).isEqualTo(thresholds(oracle.told));
  }

  private static List<Told> thresholds(List<Told> told) {
    return told.stream()
        .filter(each -> each.what.equals(EventKind.EVENT_KIND_THRESHOLD_EXCEEDED.name()))
        .toList();
  }

  private static List<Event> thresholdEvents(RangeEngine engine) {
    return engine
        .events(
            new EventQuery(
                0,
                0,
                "",
                EnumSet.of(EventKind.EVENT_KIND_THRESHOLD_EXCEEDED),
                0,
                Integer.MAX_VALUE))
        .events();
  }
}
