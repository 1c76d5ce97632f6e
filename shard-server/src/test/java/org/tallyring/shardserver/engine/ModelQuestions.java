package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.engine.ModelHistory.DAY;
import static org.tallyring.shardserver.engine.ModelHistory.HOUR;
import static org.tallyring.shardserver.engine.ModelHistory.METRICS;
import static org.tallyring.shardserver.engine.ModelHistory.NAMESPACES;
import static org.tallyring.shardserver.engine.ModelHistory.SLIDING;

import com.google.protobuf.ByteString;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.shardserver.engine.Criterion.Comparison;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/** Every kind of question, asked of an engine and answered by brute force from the model's maps. */
final class ModelQuestions {

  private static final int K = 5;

  private final RangeEngine engine;
  private final NaiveEngine model;
  private final ModelHistory history;
  private final Random random;

  ModelQuestions(RangeEngine engine, NaiveEngine model, ModelHistory history) {
    this.engine = engine;
    this.model = model;
    this.history = history;
    this.random = history.random;
  }

  /** Questions about times and metrics at random. */
  void askSome(int times) {
    for (int i = 0; i < times; i++) {
      long uid = 1L + random.nextInt(NAMESPACES);
      String metric = METRICS[random.nextInt(METRICS.length)];
      Interval span = span(uid, metric);
      askCounts(uid, metric, span);
      askCounts(uid, SLIDING, span(uid, SLIDING));
      switch (random.nextInt(6)) {
        case 0 -> askRanks(uid, metric, span);
        case 1 -> askRanks(uid, SLIDING, span(uid, SLIDING));
        case 2 -> askByCriterion(uid, METRICS);
        case 3 -> askByCriterion(uid, METRICS[0], METRICS[1], SLIDING);
        case 4 -> askGrowth(uid, random.nextBoolean() ? metric : SLIDING);
        default -> askAdmission();
      }
    }
    askState(1L + random.nextInt(NAMESPACES + 1));
  }

  /** Everything that there is to ask without choosing a time. */
  void askAll() {
    assertThat(engine.increments()).isEqualTo(model.increments);
    assertThat(engine.keys()).isEqualTo(model.keys());
    for (long uid = 1; uid <= NAMESPACES + 1; uid++) {
      askState(uid);
    }
    Set<WindowKey> windows = new HashSet<>(model.counts.keySet());
    windows.add(new WindowKey(1, "clicks", WindowLevel.DAY, 0));
    windows.add(new WindowKey(9, "clicks", WindowLevel.ALL, 0));
    windows.add(new WindowKey(1, "none", WindowLevel.ALL, 0));
    for (WindowKey window : windows) {
      BucketWidth width = model.width(window.namespaceUid(), window.metric());
      long end = width.end(window.level(), window.startMillis());
      Interval interval = new Interval(window.level(), width, window.startMillis(), end);
      askCounts(window.namespaceUid(), window.metric(), interval);
    }
    for (ModelHistory.Producer producer : history.producers) {
      if (producer.usedAtMillis == history.nowMillis) {
        assertThat(engine.lastSequence(producer.session)).isEqualTo(producer.sequence);
      }
    }
  }

  private void askState(long uid) {
    assertThat(engine.watermarkMillis(uid))
        .isEqualTo(model.watermarks.getOrDefault(uid, Long.MIN_VALUE));
    assertThat(engine.definitionRevision(uid))
        .isEqualTo(
            model.definitions.containsKey(uid) ? model.definitions.get(uid).getRevision() : -1);
    assertThat(engine.definition(uid)).isEqualTo(model.definitions.get(uid));
    for (WindowLevel level : WindowLevel.values()) {
      assertThat(engine.keptFrom(uid, level)).isEqualTo(model.keptFrom(uid, level));
    }
    for (String name : METRICS) {
      askCounters(uid, name);
      MetricStats stats = engine.stats(uid, name);
      assertThat(stats.entries()).isEqualTo(model.entries(uid, name)[1]);
      assertThat(stats.pruned()).isZero();
    }
    askCounters(uid, SLIDING);
  }

  private void askCounters(long uid, String name) {
    NaiveEngine.Metric metric = new NaiveEngine.Metric(uid, name);
    assertThat(engine.lateIncrements(uid, name))
        .isEqualTo(model.lateIncrements.getOrDefault(metric, 0L));
    assertThat(engine.beyondRetention(uid, name))
        .isEqualTo(model.beyondRetention.getOrDefault(metric, 0L));
    MetricStats stats = engine.stats(uid, name);
    assertThat(stats.hits()).isEqualTo(model.hits.getOrDefault(metric, 0L));
    assertThat(stats.keys()).isEqualTo(model.entries(uid, name)[0]);
  }

  /**
   * Starts at the first bucket that is kept of all of some metrics, or somewhere after it. At the
   * finest level its buckets are those of the metrics, or longer ones that theirs divide.
   */
  private Interval span(long uid, String... metrics) {
    WindowLevel level = WindowLevel.values()[random.nextInt(4)];
    BucketWidth width = BucketWidth.MILLISECOND;
    for (String metric : metrics) {
      width = width.common(model.width(uid, metric));
    }
    if (random.nextInt(3) == 0) {
      width = width.common(ModelHistory.bucket(random));
    }
    long watermark = model.watermarks.getOrDefault(uid, Batches.NOON);
    long back = (long) (100 * DAY * Math.pow(random.nextDouble(), 4));
    long start = width.start(level, watermark - back);
    long keptFrom = Long.MIN_VALUE;
    for (String metric : metrics) {
      keptFrom = Math.max(keptFrom, model.keptFrom(uid, metric, level, width));
    }
    boolean near = keptFrom > watermark - 100 * DAY;
    if (start < keptFrom || (near && random.nextInt(3) == 0)) {
      start = keptFrom;
    }
    long end = start;
    int buckets = 1 + random.nextInt(1 << random.nextInt(12));
    for (int n = 0; n < buckets && (end == start || end <= watermark); n++) {
      end = width.end(level, end);
    }
    Interval span = new Interval(level, width, start, end);
    for (String metric : metrics) {
      assertThat(engine.kept(uid, metric, span).from(level))
          .isEqualTo(model.keptFrom(uid, metric, level, width));
    }
    return span;
  }

  private void askCounts(long uid, String metric, Interval interval) {
    Ranking all = model.ranking(uid, metric, interval, Integer.MAX_VALUE);
    assertThat(engine.revision(uid, metric, interval)).isEqualTo(all.revision());
    for (int k : new int[] {1, K, Integer.MAX_VALUE}) {
      assertThat(engine.ranking(uid, metric, interval, k)).isEqualTo(NaiveEngine.best(all, k));
    }
    // A few keys are enough: the longest ranking above holds every count that is not 0.
    List<ByteString> keys =
        new ArrayList<>(model.keys.getOrDefault(uid, Set.of()).stream().limit(4).toList());
    keys.add(ByteString.copyFromUtf8("never seen"));
    List<Map<ByteString, Long>> buckets = model.buckets(uid, metric, interval);
    for (ByteString key : keys) {
      long[] series = buckets.stream().mapToLong(bucket -> bucket.getOrDefault(key, 0L)).toArray();
      assertThat(engine.series(uid, metric, interval, key.toByteArray())).isEqualTo(series);
      assertThat(engine.count(uid, metric, interval, key.toByteArray()))
          .isEqualTo(Arrays.stream(series).sum());
    }
  }

  /** Ranks, neighbours and pages are all places of a view. */
  private void askRanks(long uid, String metric, Interval interval) {
    Ranking all = model.ranking(uid, metric, interval, Integer.MAX_VALUE);
    RankedViewBuild build = engine.rankings().view(uid, metric, interval);
    boolean ready = false;
    while (!ready) {
      ready = build.advance(1 + random.nextInt(500));
    }
    RankedView view = build.view();
    assertThat(view.size()).isEqualTo(all.size());
    assertThat(view.rows(0, Integer.MAX_VALUE)).isEqualTo(all);
    int from = random.nextInt(all.size() + 1) - 2;
    Ranking page = view.rows(from, from + 4);
    for (int i = 0; i < page.size(); i++) {
      assertThat(page.key(i)).isEqualTo(all.key(Math.max(0, from) + i));
    }
    for (int i = 0; i < Math.min(5, all.size()); i++) {
      int place = random.nextInt(all.size());
      assertThat(view.place(all.key(place), all.count(place))).isEqualTo(place);
      assertThat(view.before(all.count(place), all.key(place))).isEqualTo(place);
    }
    byte[] stranger = Batches.bytes("key-\u00fc-" + random.nextInt(9) + "x");
    long count = random.nextInt(9) - 4L;
    Map.Entry<ByteString, Long> row = Map.entry(ByteString.copyFrom(stranger), count);
    assertThat(view.before(count, stranger))
        .isEqualTo(
            (int)
                model.sum(uid, metric, interval).entrySet().stream()
                    .filter(each -> each.getValue() != 0)
                    .filter(each -> NaiveEngine.ORDER.compare(each, row) < 0)
                    .count());
    assertThat(view.place(stranger, count)).isEqualTo(-1);
  }

  /** The metrics may have buckets of different lengths. */
  private void askByCriterion(long uid, String... metrics) {
    Interval interval = span(uid, metrics);
    String metric = metrics[random.nextInt(metrics.length)];
    List<String> include = Arrays.stream(metrics).filter(each -> random.nextBoolean()).toList();
    List<Criterion.Filter> where = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      Comparison comparison = Comparison.values()[random.nextInt(Comparison.values().length)];
      where.add(
          new Criterion.Filter(
              metrics[random.nextInt(metrics.length)], comparison, random.nextInt(9) - 3L));
    }
    List<Criterion.Term> score = new ArrayList<>();
    for (String each : metrics) {
      if (random.nextInt(3) == 0) {
        long weight = random.nextInt(2_001) - 1_000L;
        score.add(new Criterion.Term(each, weight == 0 ? 1 : weight));
      }
    }
    Map<String, Map<ByteString, Long>> sums = new HashMap<>();
    for (String each : metrics) {
      sums.put(each, model.sum(uid, each, interval));
    }
    Map<ByteString, Long> values = new HashMap<>();
    for (ByteString key : model.keys.getOrDefault(uid, Set.of())) {
      BigInteger value = BigInteger.valueOf(count(sums, metric, key));
      if (!score.isEmpty()) {
        value = BigInteger.ZERO;
        for (Criterion.Term term : score) {
          long count = count(sums, term.metric(), key);
          value =
              value.add(
                  BigInteger.valueOf(count).multiply(BigInteger.valueOf(term.weightMicros())));
        }
      }
      if (where.stream()
          .allMatch(
              each -> each.comparison().holds(count(sums, each.metric(), key), each.value()))) {
        values.put(key, value.longValueExact());
      }
    }
    int k = 1 + random.nextInt(20);

    CriterionRanking found =
        engine.rankings().best(uid, metric, interval, new Criterion(include, where, score), k);

    long revision = model.ranking(uid, metric, interval, 1).revision();
    assertThat(found.ranking()).isEqualTo(NaiveEngine.ranking(values, revision, k));
    for (int i = 0; i < found.ranking().size(); i++) {
      ByteString key = ByteString.copyFrom(found.ranking().key(i));
      List<Long> beside = new ArrayList<>();
      if (!score.isEmpty()) {
        beside.add(count(sums, metric, key));
      }
      include.forEach(each -> beside.add(count(sums, each, key)));
      assertThat(found.beside()[i]).containsExactly(beside.stream().mapToLong(n -> n).toArray());
    }
  }

  private static long count(
      Map<String, Map<ByteString, Long>> sums, String metric, ByteString key) {
    return sums.getOrDefault(metric, Map.of()).getOrDefault(key, 0L);
  }

  /** The hour of the watermark against hours or finest buckets before it. */
  private void askGrowth(long uid, String metric) {
    WindowLevel level = random.nextBoolean() ? WindowLevel.HOUR : WindowLevel.MINUTE;
    BucketWidth width = model.width(uid, metric);
    long hour = WindowLevel.HOUR.start(model.watermarks.getOrDefault(uid, Batches.NOON));
    long start =
        Math.max(
            hour - (1L + random.nextInt(168)) * HOUR, model.keptFrom(uid, metric, level, width));
    if (start >= hour || model.keptFrom(uid, metric, WindowLevel.HOUR, width) > hour) {
      return;
    }
    Interval now = Interval.window(WindowLevel.HOUR, hour);
    Growth growth =
        new Growth(
            new Interval(level, width, start, hour),
            1 + random.nextInt((int) HOUR),
            1 + random.nextInt(4));
    Map<ByteString, Long> before = model.sum(uid, metric, growth.baseline());
    Map<ByteString, Long> counts = model.sum(uid, metric, now);
    double ratio = (double) growth.elapsedMillis() / (hour - start);
    Map<ByteString, Long> scores = new HashMap<>();
    counts.forEach(
        (key, x) -> {
          double baseline = Math.max(0, before.getOrDefault(key, 0L)) + 0.375;
          double z = 2 * (Math.sqrt(x + 0.375) - Math.sqrt(ratio * baseline));
          long score = Math.round(1_000_000 * z / Math.sqrt(1 + ratio));
          if (x >= growth.minCount() && score > 0) {
            scores.put(key, score);
          }
        });

    CriterionRanking found = engine.rankings().growing(uid, metric, now, growth, K);

    long revision = model.ranking(uid, metric, now, 1).revision();
    assertThat(found.ranking()).isEqualTo(NaiveEngine.ranking(scores, revision, K));
    for (int i = 0; i < found.ranking().size(); i++) {
      ByteString key = ByteString.copyFrom(found.ranking().key(i));
      assertThat(found.beside()[i])
          .containsExactly(counts.getOrDefault(key, 0L), before.getOrDefault(key, 0L));
    }
  }

  /** What a batch would be refused for, if it were sent now. */
  private void askAdmission() {
    AcceptedBatch candidate = history.candidate();
    List<Integer> contradictions =
        IdentifiedRow.of(Batches.columns(candidate)).stream()
            .filter(
                row ->
                    engine.contradicts(
                        candidate.getNamespaceUid(), row, candidate.getAcceptedAtMillis()))
            .map(IdentifiedRow::row)
            .toList();
    assertThat(contradictions).isEqualTo(model.contradictions(candidate));
    // Of rows without event ids: whether a repeat overflows is another test's matter.
    AcceptedBatch unidentified =
        Batches.changed(candidate, batch -> batch.clearEventIds().clearEventIdLengths());
    int[] overflowing = engine.overflowingRows(unidentified, Batches.columns(unidentified));
    assertThat(Arrays.stream(overflowing).boxed().toList())
        .isEqualTo(model.overflowing(unidentified));
    if (overflowing.length > 0) {
      long pending =
          Batches.message(candidate).getDeltasList().stream()
              .map(Math::abs)
              .reduce(0L, AbsoluteSum::add);
      // A sum that stopped at the largest number is no bound, as those who ask know.
      assertThat(pending == Long.MAX_VALUE || engine.couldOverflow(pending)).isTrue();
    }
  }
}
