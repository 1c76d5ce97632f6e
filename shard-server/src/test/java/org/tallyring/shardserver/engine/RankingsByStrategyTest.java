package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.tallyring.shardserver.engine.Batches.NOON;
import static org.tallyring.shardserver.engine.Batches.UID;
import static org.tallyring.shardserver.engine.Batches.batch;
import static org.tallyring.shardserver.engine.Batches.bytes;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.v1.Distinct;
import org.tallyring.proto.v1.FixedWindow;
import org.tallyring.proto.v1.HeavyHitters;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.Morris;
import org.tallyring.proto.v1.SlidingWindow;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * Ranks, scores, filters and growth of metrics of every strategy, before and after swaps, against
 * full sorts of what {@link RangeEngine#count} says of each key. {@code seed} determines a run.
 */
final class RankingsByStrategyTest {

  private static final long MINUTE = 60_000;
  private static final long HOUR = 60 * MINUTE;
  private static final Interval ALL = Interval.window(WindowLevel.ALL, 0);
  private static final Interval NOON_HOUR = Interval.window(WindowLevel.HOUR, NOON);
  private static final String[] METRICS = {"a", "b", "c"};
  private static final int KEYS = 120;

  /** An engine whose metrics were swapped again and again. */
  private static final class World {

    final Random random;
    final List<MetricDefinition> metrics = new ArrayList<>();
    RangeEngine engine = new RangeEngine(0);
    long now = NOON;
    private int revision;

    World(long seed) {
      random = new Random(seed);
      for (String name : METRICS) {
        metrics.add(StrategiesTest.anyStrategy(random, name));
      }
      define();
      for (int i = 0; i < 15; i++) {
        if (random.nextInt(5) == 0) {
          int swapped = random.nextInt(METRICS.length);
          metrics.set(swapped, StrategiesTest.anyStrategy(random, METRICS[swapped]));
          define();
        }
        more();
        if (random.nextInt(6) == 0) {
          engine = RangeEngine.restore(0, engine.snapshot(4096 + random.nextInt(60_000)));
        }
      }
    }

    private void define() {
      engine.apply(StrategiesTest.definition(++revision, metrics.toArray(MetricDefinition[]::new)));
    }

    void more() {
      now += random.nextInt(3) == 0 ? random.nextInt(40) * MINUTE : random.nextInt(5_000);
      Batches rows = batch().acceptedAt(now);
      for (int row = random.nextInt(300); row >= 0; row--) {
        rows.row(
            METRICS[random.nextInt(METRICS.length)],
            key((int) Math.abs(random.nextGaussian() * 30) % KEYS),
            random.nextInt(5) == 0 ? "" : "user-" + random.nextInt(60),
            random.nextInt(10) == 0 ? random.nextInt(7) - 3 | 1 : 1,
            now - (random.nextInt(3) == 0 ? random.nextInt(120) * MINUTE : random.nextInt(9_000)));
      }
      engine.apply(rows.entry());
    }

    static String key(int number) {
      return number % 2 == 0 ? "prefix-of-eight-" + number : "\u00fc" + number;
    }

    boolean holdsEveryKey(String metric) {
      return metrics.stream()
          .noneMatch(each -> each.getName().equals(metric) && each.hasHeavyHitters());
    }

    boolean keeps(String metric, Interval interval) {
      return engine.kept(UID, metric, interval).keeps(interval);
    }

    /** Windows and spans of which some are kept by a sliding window, some not. */
    List<Interval> intervals() {
      long minute = WindowLevel.MINUTE.start(now);
      return List.of(
          ALL,
          Interval.window(WindowLevel.HOUR, WindowLevel.HOUR.start(now)),
          Interval.window(WindowLevel.DAY, WindowLevel.DAY.start(now)),
          new Interval(WindowLevel.MINUTE, minute - 12 * MINUTE, minute + MINUTE),
          new Interval(WindowLevel.MINUTE, minute - 50 * MINUTE, minute + MINUTE),
          new Interval(WindowLevel.MINUTE, BucketWidth.MILLISECOND, now - 9 * MINUTE, now + 1),
          new Interval(
              WindowLevel.MINUTE,
              new BucketWidth(15 * MINUTE),
              minute - minute % (15 * MINUTE) - 30 * MINUTE,
              minute - minute % (15 * MINUTE) + 15 * MINUTE),
          new Interval(WindowLevel.HOUR, NOON - 3 * HOUR, WindowLevel.HOUR.end(NOON + 5 * HOUR)));
    }

    long count(String metric, Interval interval, String key) {
      return engine.count(UID, metric, interval, bytes(key));
    }

    Map<String, Long> counts(String metric, Interval interval) {
      Map<String, Long> counts = new HashMap<>();
      for (int i = 0; i < KEYS; i++) {
        counts.put(key(i), count(metric, interval, key(i)));
      }
      return counts;
    }

    CountQuality quality(String metric, Interval interval) {
      return engine.quality(UID, metric, interval);
    }
  }

  @Property(tries = 60)
  void ranksOfEveryStrategyAreThoseOfAFullSortOfItsCounts(@ForAll long seed) {
    World world = new World(seed);
    for (String metric : METRICS) {
      for (Interval interval : world.intervals()) {
        if (!world.holdsEveryKey(metric) || !world.keeps(metric, interval)) {
          continue;
        }
        List<Map.Entry<ByteString, Long>> sorted = sorted(world.counts(metric, interval));
        RankedView view = view(world.engine, metric, interval);

        assertThat(rows(view.rows(0, Integer.MAX_VALUE))).isEqualTo(sorted);
        assertThat(view.quality()).isEqualTo(world.quality(metric, interval));
        assertThat(view.state()).isEqualTo(world.engine.rankings().state(UID, metric, interval));
        for (int place = 0; place < sorted.size(); place++) {
          byte[] key = sorted.get(place).getKey().toByteArray();
          assertThat(view.place(key, sorted.get(place).getValue())).isEqualTo(place);
        }
        Ranking ranking = world.engine.ranking(UID, metric, interval, 7);
        assertThat(rows(ranking)).isEqualTo(sorted.subList(0, Math.min(7, sorted.size())));
      }
    }
  }

  @Property(tries = 60)
  void metricsOfAnyStrategiesCanBeMixedAndTheAnswerIsAsGoodAsTheWorst(@ForAll long seed) {
    World world = new World(seed);
    Random random = world.random;
    for (Interval interval : world.intervals()) {
      Criterion criterion = criterion(random);
      String ranked = METRICS[random.nextInt(METRICS.length)];
      List<String> judged = new ArrayList<>(List.of(ranked));
      criterion.where().forEach(filter -> judged.add(filter.metric()));
      criterion.score().forEach(term -> judged.add(term.metric()));
      List<String> all = new ArrayList<>(judged);
      all.addAll(criterion.include());
      if (!all.stream().allMatch(metric -> world.keeps(metric, interval))) {
        continue;
      }
      if (!judged.stream().allMatch(world::holdsEveryKey)) {
        assertThatThrownBy(() -> world.engine.rankings().best(UID, ranked, interval, criterion, 9))
            .isInstanceOf(KeysNotHeldException.class);
        continue;
      }

      CriterionRanking found = world.engine.rankings().best(UID, ranked, interval, criterion, 9);

      Map<String, Long> values = new HashMap<>();
      for (int i = 0; i < KEYS; i++) {
        String key = World.key(i);
        boolean admitted =
            criterion.where().stream()
                .allMatch(
                    filter ->
                        filter
                            .comparison()
                            .holds(world.count(filter.metric(), interval, key), filter.value()));
        long value =
            criterion.score().isEmpty()
                ? world.count(ranked, interval, key)
                : criterion.score().stream()
                    .mapToLong(
                        term -> term.weightMicros() * world.count(term.metric(), interval, key))
                    .sum();
        values.put(key, admitted ? value : 0);
      }
      List<Map.Entry<ByteString, Long>> sorted = sorted(values);
      assertThat(rows(found.ranking())).isEqualTo(sorted.subList(0, Math.min(9, sorted.size())));
      int others = criterion.score().isEmpty() ? 0 : 1;
      for (int i = 0; i < found.ranking().size(); i++) {
        String key = ByteString.copyFrom(found.ranking().key(i)).toStringUtf8();
        for (int j = 0; j < criterion.include().size(); j++) {
          assertThat(found.beside()[i][others + j])
              .isEqualTo(world.count(criterion.include().get(j), interval, key));
        }
      }
      CountQuality worst = CountQuality.EXACT;
      for (String metric : all) {
        worst = worst.or(world.quality(metric, interval));
      }
      assertThat(found.ranking().quality().standardError()).isEqualTo(worst.standardError());
      assertThat(found.ranking().quality().sinceMillis()).isEqualTo(worst.sinceMillis());
      assertThat(found.ranking().quality().maxError()).isGreaterThanOrEqualTo(worst.maxError());
      if (criterion.score().isEmpty()) {
        assertThat(found.ranking().quality().maxError()).isEqualTo(worst.maxError());
      }
    }
  }

  private static Criterion criterion(Random random) {
    List<String> include = new ArrayList<>();
    List<Criterion.Filter> where = new ArrayList<>();
    List<Criterion.Term> score = new ArrayList<>();
    for (String metric : METRICS) {
      if (random.nextInt(2) == 0) {
        include.add(metric);
      }
      if (random.nextInt(4) == 0) {
        where.add(
            new Criterion.Filter(metric, Criterion.Comparison.AT_LEAST, random.nextInt(6) - 1L));
      }
      if (random.nextInt(4) == 0) {
        score.add(new Criterion.Term(metric, random.nextInt(2_000_000) - 999_999L | 1));
      }
    }
    return new Criterion(include, where, score);
  }

  @Property(tries = 60)
  void growthOfEveryStrategyIsScoredFromItsCounts(@ForAll long seed) {
    World world = new World(seed);
    long hour = WindowLevel.HOUR.start(world.now);
    Interval current = Interval.window(WindowLevel.HOUR, hour);
    for (MetricDefinition definition : world.metrics) {
      String metric = definition.getName();
      Interval baseline =
          definition.hasSlidingWindow()
              ? new Interval(WindowLevel.MINUTE, hour - 5 * MINUTE, hour)
              : new Interval(WindowLevel.HOUR, hour - 3 * HOUR, hour);
      if (!world.holdsEveryKey(metric)
          || !world.keeps(metric, baseline)
          || !world.keeps(metric, current)) {
        continue;
      }
      Growth growth = new Growth(baseline, 10 * MINUTE, 1);

      CriterionRanking found =
          world.engine.rankings().growing(UID, metric, current, growth, Integer.MAX_VALUE);

      Growth scale = definition.hasDistinct() ? new Growth(baseline, HOUR, 1) : growth;
      Map<String, Long> scores = new HashMap<>();
      world
          .counts(metric, current)
          .forEach(
              (key, count) -> {
                long score = scale.scoreMicros(count, before(world, definition, baseline, key));
                scores.put(key, count >= 1 ? Math.max(0, score) : 0);
              });
      assertThat(rows(found.ranking())).isEqualTo(sorted(scores));
      assertThat(found.ranking().quality())
          .isEqualTo(world.quality(metric, current).or(world.quality(metric, baseline)));
    }
  }

  /** A user who comes in three hours is three, as three are compared with one. */
  private static long before(
      World world, MetricDefinition definition, Interval baseline, String key) {
    if (!definition.hasDistinct()) {
      return world.count(definition.getName(), baseline, key);
    }
    long sum = 0;
    for (long hour : world.engine.series(UID, definition.getName(), baseline, bytes(key))) {
      sum += hour;
    }
    return sum;
  }

  @Property(tries = 40)
  void aViewThatIsCopiedInStepsHasWhatCameBeforeItAndSomeOfWhatCameMeanwhile(@ForAll long seed) {
    Random random = new Random(seed);
    RangeEngine engine = new RangeEngine(0);
    MetricDefinition metric = random.nextBoolean() ? distinct() : sliding(HOUR);
    engine.apply(StrategiesTest.definition(1, metric));
    countUp(engine, random, 200);
    Interval interval = new Interval(WindowLevel.MINUTE, NOON, NOON + 10 * MINUTE);
    RankedViewBuild build = engine.rankings().view(UID, "a", interval);
    final RankedView.State state = engine.rankings().state(UID, "a", interval);
    final Map<String, Long> before = counted(engine, interval);
    boolean rested = false;
    while (!build.advance(1 + random.nextInt(200))) {
      countUp(engine, random, 20);
      rested = true;
    }
    assertThat(rested).isTrue();

    RankedView view = build.view();

    Map<String, Long> after = counted(engine, interval);
    List<Map.Entry<ByteString, Long>> rows = rows(view.rows(0, Integer.MAX_VALUE));
    assertThat(view.state()).isEqualTo(state);
    assertThat(rows).isSortedAccordingTo(NaiveEngine.ORDER);
    Map<String, Long> seen = new HashMap<>();
    rows.forEach(row -> seen.put(row.getKey().toStringUtf8(), row.getValue()));
    assertThat(seen).hasSameSizeAs(rows).containsKeys(before.keySet().toArray(String[]::new));
    seen.forEach(
        (key, count) -> assertThat(count).isBetween(before.getOrDefault(key, 0L), after.get(key)));
  }

  private static void countUp(RangeEngine engine, Random random, int rows) {
    Batches batch = batch();
    for (int i = 0; i < rows; i++) {
      batch.row(
          "a",
          "k" + random.nextInt(40),
          // Few enough for a sketch to count them exactly.
          "u" + random.nextInt(30),
          1,
          NOON + random.nextInt((int) (10 * MINUTE)));
    }
    engine.apply(batch.entry());
  }

  private static Map<String, Long> counted(RangeEngine engine, Interval interval) {
    Map<String, Long> counts = new HashMap<>();
    for (int i = 0; i < 40; i++) {
      long count = engine.count(UID, "a", interval, bytes("k" + i));
      if (count != 0) {
        counts.put("k" + i, count);
      }
    }
    return counts;
  }

  /** The hits themselves are the oracle here, so that counts and ranks are not wrong alike. */
  @Property(tries = 40)
  void ranksOfASlidingWindowAreThoseOfItsHits(@ForAll long seed) {
    Random random = new Random(seed);
    RangeEngine engine = new RangeEngine(0);
    engine.apply(StrategiesTest.definition(1, sliding(20 * MINUTE)));
    record Hit(String key, long timeMillis, long delta) {}
    List<Hit> hits = new ArrayList<>();
    long now = NOON;
    for (int i = 0; i < 12; i++) {
      now += random.nextInt(6) * MINUTE;
      Batches rows = batch().acceptedAt(now);
      for (int row = random.nextInt(60); row >= 0; row--) {
        Hit hit =
            new Hit(
                "k" + random.nextInt(15),
                now - random.nextInt((int) (20 * MINUTE)),
                random.nextInt(6) == 0 ? -1 : 1);
        hits.add(hit);
        rows.row("a", hit.key, hit.delta, hit.timeMillis);
      }
      engine.apply(rows.entry());
    }
    for (int span : new int[] {1, 7, 17}) {
      long end = WindowLevel.MINUTE.end(WindowLevel.MINUTE.start(now)) - random.nextInt(4) * MINUTE;
      Interval interval = new Interval(WindowLevel.MINUTE, end - span * MINUTE, end);
      Map<String, Long> sums = new HashMap<>();
      for (Hit hit : hits) {
        if (hit.timeMillis >= interval.startMillis() && hit.timeMillis < interval.endMillis()) {
          sums.merge(hit.key, hit.delta, Long::sum);
        }
      }

      RankedView view = view(engine, "a", interval);

      assertThat(rows(view.rows(0, Integer.MAX_VALUE))).isEqualTo(sorted(sums));
      assertThat(rows(engine.ranking(UID, "a", interval, 100))).isEqualTo(sorted(sums));
      assertThat(view.quality()).isEqualTo(CountQuality.EXACT);
    }
  }

  @Test
  void bucketsThatWereMorrisCountersStayApproximateInEveryRanking() {
    RangeEngine engine = new RangeEngine(0);
    engine.apply(StrategiesTest.definition(1, morris(), fixed("b")));
    hit(engine, "a", "k", 1_000, NOON);
    hit(engine, "b", "k", 1, NOON);
    engine.apply(StrategiesTest.definition(2, fixed("a"), fixed("b")));
    hit(engine, "a", "k", 1, NOON + 1);
    hit(engine, "a", "k", 1, NOON + HOUR);
    hit(engine, "b", "k", 1, NOON + HOUR);
    Interval next = Interval.window(WindowLevel.HOUR, NOON + HOUR);
    RankingReads rankings = engine.rankings();
    Growth growth = new Growth(NOON_HOUR, HOUR, 1);

    double error = engine.quality(UID, "a", NOON_HOUR).standardError();

    assertThat(error).isPositive();
    assertThat(view(engine, "a", NOON_HOUR).quality().standardError()).isEqualTo(error);
    assertThat(view(engine, "a", ALL).quality().standardError()).isEqualTo(error);
    assertThat(view(engine, "a", next).quality()).isEqualTo(CountQuality.EXACT);
    for (Criterion criterion :
        List.of(
            new Criterion(List.of("a"), List.of(), List.of()),
            new Criterion(
                List.of(),
                List.of(new Criterion.Filter("a", Criterion.Comparison.ABOVE, 1)),
                List.of()),
            new Criterion(List.of(), List.of(), List.of(new Criterion.Term("a", 1_000_000))))) {
      assertThat(
              rankings.best(UID, "b", NOON_HOUR, criterion, 5).ranking().quality().standardError())
          .isEqualTo(error);
      assertThat(rankings.best(UID, "b", next, criterion, 5).ranking().quality())
          .isEqualTo(CountQuality.EXACT);
    }
    assertThat(rankings.growing(UID, "a", next, growth, 5).ranking().quality().standardError())
        .as("the baseline is approximate")
        .isEqualTo(error);
    assertThat(rankings.growing(UID, "b", next, growth, 5).ranking().quality())
        .isEqualTo(CountQuality.EXACT);
  }

  @Test
  void rankingsSaySinceWhenTheyHoldAfterASwapThatBeganAfresh() {
    RangeEngine engine = new RangeEngine(0);
    engine.apply(StrategiesTest.definition(1, fixed("a"), fixed("b")));
    hit(engine, "a", "k", 3, NOON);
    hit(engine, "b", "k", 3, NOON);
    engine.apply(StrategiesTest.definition(2, distinct(), fixed("b")));
    hit(engine, "a", "k", 1, NOON + 1);
    RankingReads rankings = engine.rankings();

    assertThat(view(engine, "a", ALL).quality().sinceMillis()).isEqualTo(NOON + 1);
    assertThat(view(engine, "a", NOON_HOUR).quality().sinceMillis()).isEqualTo(NOON + 1);
    assertThat(
            rankings
                .best(UID, "b", ALL, new Criterion(List.of("a"), List.of(), List.of()), 5)
                .ranking()
                .quality()
                .sinceMillis())
        .isEqualTo(NOON + 1);
    Growth growth = new Growth(NOON_HOUR, HOUR, 1);
    Interval next = Interval.window(WindowLevel.HOUR, NOON + HOUR);
    assertThat(rankings.growing(UID, "a", next, growth, 5).ranking().quality().sinceMillis())
        .isEqualTo(NOON + 1);
    assertThat(view(engine, "b", ALL).quality()).isEqualTo(CountQuality.EXACT);
  }

  @Test
  void aSwapMakesAnotherStateThoughNothingIsCounted() {
    RangeEngine engine = new RangeEngine(0);
    engine.apply(StrategiesTest.definition(1, fixed("a")));
    hit(engine, "a", "k", 3, NOON);
    // Restored, so that no batch has added anything in this process.
    engine = RangeEngine.restore(0, engine.snapshot(1 << 20));
    RankedView.State before = engine.rankings().state(UID, "a", NOON_HOUR);
    assertThat(engine.rankings().state(UID, "a", NOON_HOUR)).isEqualTo(before);

    engine.apply(StrategiesTest.definition(2, sliding(20 * MINUTE)));

    assertThat(engine.rankings().state(UID, "a", NOON_HOUR)).isNotEqualTo(before);
  }

  @Test
  void theStateOfASlidingWindowChangesWithItsHits() {
    RangeEngine engine = new RangeEngine(0);
    engine.apply(StrategiesTest.definition(1, sliding(20 * MINUTE)));
    hit(engine, "a", "k", 3, NOON);
    RankedView.State before = engine.rankings().state(UID, "a", NOON_HOUR);
    hit(engine, "b", "k", 3, NOON);
    assertThat(engine.rankings().state(UID, "a", NOON_HOUR)).isEqualTo(before);

    hit(engine, "a", "k", 1, NOON);

    assertThat(engine.rankings().state(UID, "a", NOON_HOUR)).isNotEqualTo(before);
  }

  @Test
  void heavyHittersStandBesideWithTheirBoundAndAreNotRanked() {
    RangeEngine engine = new RangeEngine(0);
    engine.apply(StrategiesTest.definition(1, hitters(), fixed("b")));
    for (int i = 0; i < 200; i++) {
      engine.apply(batch().row("a", "rare-" + i, 1, NOON).row("a", "hot", 1, NOON).entry());
    }
    hit(engine, "b", "hot", 1, NOON);
    hit(engine, "b", "unheld", 1, NOON);
    RankingReads rankings = engine.rankings();
    Criterion include = new Criterion(List.of("a"), List.of(), List.of());

    CriterionRanking found = rankings.best(UID, "b", NOON_HOUR, include, 5);

    assertThat(found.beside())
        .isDeepEqualTo(new long[][] {{engine.count(UID, "a", NOON_HOUR, bytes("hot"))}, {0}});
    assertThat(found.beside()[0][0]).isGreaterThanOrEqualTo(200);
    assertThat(found.ranking().quality().maxError())
        .isPositive()
        .isEqualTo(engine.quality(UID, "a", NOON_HOUR).maxError());
    for (ThrowingCallable question :
        List.<ThrowingCallable>of(
            () -> rankings.view(UID, "a", NOON_HOUR),
            () -> rankings.best(UID, "a", NOON_HOUR, Criterion.NONE, 5),
            () ->
                rankings.best(
                    UID,
                    "b",
                    NOON_HOUR,
                    new Criterion(
                        List.of(),
                        List.of(new Criterion.Filter("a", Criterion.Comparison.BELOW, 1)),
                        List.of()),
                    5),
            () ->
                rankings.best(
                    UID,
                    "b",
                    NOON_HOUR,
                    new Criterion(List.of(), List.of(), List.of(new Criterion.Term("a", 1))),
                    5),
            () -> rankings.growing(UID, "a", NOON_HOUR, new Growth(NOON_HOUR, 1, 1), 5))) {
      assertThatThrownBy(question)
          .isInstanceOf(KeysNotHeldException.class)
          .hasMessageContaining("metric: a counts by heavy_hitters (expected:");
    }
  }

  @Test
  void theErrorOfAScoreIsTheWeightedSumOfThoseOfItsTerms() {
    RangeEngine engine = new RangeEngine(0);
    engine.apply(StrategiesTest.definition(1, hitters(), fixed("b")));
    for (int i = 0; i < 200; i++) {
      engine.apply(batch().row("a", "rare-" + i, 1, NOON).row("a", "hot", 9, NOON).entry());
    }
    // The totals of the held keys are kept, with their bound.
    engine.apply(StrategiesTest.definition(2, fixed("a"), fixed("b")));
    hit(engine, "b", "hot", 1, NOON);
    long error = engine.quality(UID, "a", ALL).maxError();
    assertThat(error).isPositive();

    assertThat(scoreError(engine, -2_500_000)).isEqualTo((25 * error + 9) / 10);
    assertThat(scoreError(engine, 1)).as("the count stands beside").isEqualTo(error);
    assertThat(scoreError(engine, Criterion.MAX_WEIGHT_MICROS)).isEqualTo(error * 1_000_000_000);
  }

  private static long scoreError(RangeEngine engine, long weightMicros) {
    Criterion score =
        new Criterion(
            List.of(),
            List.of(),
            List.of(new Criterion.Term("a", weightMicros), new Criterion.Term("b", 7)));
    return engine.rankings().best(UID, "a", ALL, score, 5).ranking().quality().maxError();
  }

  private static void hit(RangeEngine engine, String metric, String key, long delta, long time) {
    engine.apply(batch().row(metric, key, "u", delta, time).entry());
  }

  private static MetricDefinition fixed(String name) {
    return MetricDefinition.newBuilder()
        .setName(name)
        .setFixedWindow(FixedWindow.getDefaultInstance())
        .build();
  }

  private static MetricDefinition morris() {
    return MetricDefinition.newBuilder()
        .setName("a")
        .setMorris(Morris.getDefaultInstance())
        .build();
  }

  private static MetricDefinition distinct() {
    return MetricDefinition.newBuilder()
        .setName("a")
        .setDistinct(Distinct.getDefaultInstance())
        .build();
  }

  private static MetricDefinition hitters() {
    return MetricDefinition.newBuilder()
        .setName("a")
        .setHeavyHitters(HeavyHitters.newBuilder().setMaxMapSize(64))
        .build();
  }

  private static MetricDefinition sliding(long horizonMillis) {
    return MetricDefinition.newBuilder()
        .setName("a")
        .setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(horizonMillis))
        .build();
  }

  private static RankedView view(RangeEngine engine, String metric, Interval interval) {
    RankedViewBuild build = engine.rankings().view(UID, metric, interval);
    int steps = 0;
    while (!build.advance(100)) {
      steps++;
    }
    assertThat(steps).as("it comes to an end").isLessThan(1_000_000);
    return build.view();
  }

  private static List<Map.Entry<ByteString, Long>> sorted(Map<String, Long> values) {
    return values.entrySet().stream()
        .filter(entry -> entry.getValue() != 0)
        .map(entry -> Map.entry(ByteString.copyFromUtf8(entry.getKey()), entry.getValue()))
        .sorted(NaiveEngine.ORDER)
        .toList();
  }

  private static List<Map.Entry<ByteString, Long>> rows(Ranking ranking) {
    List<Map.Entry<ByteString, Long>> rows = new ArrayList<>();
    for (int i = 0; i < ranking.size(); i++) {
      rows.add(Map.entry(ByteString.copyFrom(ranking.key(i)), ranking.count(i)));
    }
    return rows;
  }
}
