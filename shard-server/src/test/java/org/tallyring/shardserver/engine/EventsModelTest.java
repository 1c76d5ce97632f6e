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

    private final Map<Long, NamespaceDefinition> definitions = new LinkedHashMap<>();
    private final Map<Long, List<String>> metrics = new LinkedHashMap<>();
    private final Map<Long, Long> marks = new HashMap<>();
    private final Map<Cell, Long> counts = new HashMap<>();
    private final Set<WindowKey> windows = new HashSet<>();
    private final Set<WindowKey> sealed = new HashSet<>();
    private final Map<WindowKey, Long> revisions = new HashMap<>();

    /** Whether a rule was told and not armed again. Absent: as the count says. */
    private final Map<RuleCell, Boolean> fired = new HashMap<>();

    private long journalTimeMillis;
    List<Told> told = new ArrayList<>();

    void define(NamespaceDefinition definition) {
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
    }

    void apply(AcceptedBatch accepted, RangeEngine after) {
      journalTimeMillis = Math.max(journalTimeMillis, accepted.getAcceptedAtMillis());
      long uid = accepted.getNamespaceUid();
      RecordBatch batch = accepted.getBatch();
      metrics.computeIfAbsent(uid, id -> new ArrayList<>());
      seal();
      Set<WindowKey> corrected = new HashSet<>();
      int start = 0;
      for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
        ByteString key = batch.getKeys().substring(start, start + batch.getKeyLengths(row));
        start += key.size();
        String metric = batch.getMetrics(batch.getMetricIndexes(row));
        if (!metrics.get(uid).contains(metric)) {
          metrics.get(uid).add(metric);
        }
        long time = batch.getTimeOffsetsMillis(row);
        for (WindowLevel level : WINDOWS) {
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
      for (ThresholdRule rule : definitions.get(uid).getRulesList()) {
        WindowLevel level = SnapshotFormat.levelOf(rule.getWindowValue());
        WindowKey window = new WindowKey(uid, metric, level, level.start(time));
        if (!rule.getMetric().equals(metric)
            || (!rule.getKey().isEmpty() && !rule.getKey().equals(key))
            || window.startMillis() < engine.keptFrom(uid, level)) {
          continue;
        }
        Cell cell = new Cell(window, key);
        long count = counts.getOrDefault(cell, 0L);
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
    final List<List<ThresholdRule>> rules =
        new ArrayList<>(Arrays.asList(List.of(), List.of(), List.of()));

    History(long seed) {
      random = new Random(seed);
    }

    JournalEntry next() {
      nowMillis += STEPS[random.nextInt(STEPS.length)];
      return random.nextInt(5) == 0 ? definition() : Batches.entry(batch(), batch());
    }

    private JournalEntry definition() {
      int uid = 1 + random.nextInt(2);
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
              .setWindowValue(SnapshotFormat.numberOf(WINDOWS[random.nextInt(4)]))
              .setLimit(limit);
      if (random.nextBoolean()) {
        rule.setRearmBelow(limit - random.nextInt(6));
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
        long back = random.nextInt(3) == 0 ? random.nextLong(30 * HOUR) : random.nextInt(999);
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
    Oracle oracle = new Oracle();
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
      oracle.define(entry.getNamespaceDefined().getDefinition());
    } else {
      oracle.apply(entry.getBatches().getBatches(0), straight);
    }
    List<Told> told = events.stream().map(Told::of).toList();
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
