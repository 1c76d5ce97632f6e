package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.tallyring.shardserver.engine.Criterion.Comparison;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * Rankings by more than one count, views and growth against full sorts of plain maps. jqwik reports
 * the seed of a run that fails, and {@code seed} alone determines it.
 */
final class RankingReadsTest {

  private static final long HOUR = 3_600_000;
  private static final Interval NOON_HOUR = Interval.window(WindowLevel.HOUR, Batches.NOON);
  private static final Interval ALL = Interval.window(WindowLevel.ALL, 0);
  private static final Interval FIVE_HOURS =
      new Interval(WindowLevel.HOUR, Batches.NOON - 4 * HOUR, Batches.NOON + HOUR);
  private static final String[] METRICS = {"clicks", "views", "purchases", "returns"};

  /** Counts as a map, and an engine with the same counts. */
  private static final class World {

    final Random random;
    final RangeEngine engine = new RangeEngine(0);
    final Map<String, Map<Long, Map<String, Long>>> hours = new HashMap<>();
    final Map<String, Map<String, Long>> sums = new HashMap<>();
    final int keys;

    World(long seed) {
      random = new Random(seed);
      keys = 1 + random.nextInt(random.nextInt(8) == 0 ? 3_000 : 60);
      int batches = 1 + random.nextInt(6);
      for (int i = 0; i < batches; i++) {
        more();
      }
    }

    /** Few deltas, so that ties are common; some are negative, some cancel out. */
    void more() {
      sums.clear();
      Batches batch = Batches.batch();
      int rows = 1 + random.nextInt(3 * keys);
      for (int i = 0; i < rows; i++) {
        String metric = METRICS[random.nextInt(METRICS.length)];
        String key = key(random.nextInt(keys));
        long delta = random.nextInt(5) - 1L;
        delta = delta == 0 ? -2 : delta;
        long hour = Batches.NOON - random.nextInt(7) * HOUR;
        batch.row(metric, key, delta, hour + random.nextInt(3_000_000));
        hours
            .computeIfAbsent(metric, unused -> new HashMap<>())
            .computeIfAbsent(hour, unused -> new HashMap<>())
            .merge(key, delta, Long::sum);
      }
      engine.apply(batch.entry());
    }

    private static String key(int number) {
      return number % 3 == 0
          ? "prefix-of-eight-" + number
          : number % 3 == 1 ? "k" + number : "\u00fc" + number;
    }

    /** Computed once between two changes: a test asks for every key. */
    Map<String, Long> counts(String metric, Interval interval) {
      return sums.computeIfAbsent(metric + interval, unused -> sum(metric, interval));
    }

    private Map<String, Long> sum(String metric, Interval interval) {
      Map<String, Long> sum = new HashMap<>();
      hours
          .getOrDefault(metric, Map.of())
          .forEach(
              (hour, counts) -> {
                if (interval.level() == WindowLevel.ALL
                    || (hour >= interval.startMillis() && hour < interval.endMillis())) {
                  counts.forEach((key, count) -> sum.merge(key, count, Long::sum));
                }
              });
      sum.values().removeIf(count -> count == 0);
      return sum;
    }

    Interval interval() {
      return switch (random.nextInt(3)) {
        case 0 -> NOON_HOUR;
        case 1 -> FIVE_HOURS;
        default -> ALL;
      };
    }

    String metric() {
      return METRICS[random.nextInt(METRICS.length)];
    }
  }

  @Property(tries = 100)
  void theBestByAnyCriterionAreThoseOfAFullSort(@ForAll long seed) {
    World world = new World(seed);
    Interval interval = world.interval();
    String metric = world.metric();
    Criterion criterion = criterion(world);
    int k = 1 + world.random.nextInt(20);

    CriterionRanking found =
        world.engine.rankings().best(Batches.UID, metric, interval, criterion, k);

    Map<String, Long> values = new HashMap<>();
    Set<String> keys = new HashSet<>(world.counts(metric, interval).keySet());
    criterion.score().forEach(term -> keys.addAll(world.counts(term.metric(), interval).keySet()));
    for (String key : keys) {
      boolean admitted =
          criterion.where().stream()
              .allMatch(
                  filter ->
                      filter
                          .comparison()
                          .holds(count(world, filter.metric(), interval, key), filter.value()));
      BigInteger value = BigInteger.valueOf(count(world, metric, interval, key));
      if (!criterion.score().isEmpty()) {
        value = BigInteger.ZERO;
        for (Criterion.Term term : criterion.score()) {
          value =
              value.add(
                  BigInteger.valueOf(term.weightMicros())
                      .multiply(BigInteger.valueOf(count(world, term.metric(), interval, key))));
        }
      }
      if (admitted && value.signum() != 0) {
        values.put(key, value.longValueExact());
      }
    }
    List<Map.Entry<ByteString, Long>> sorted = sorted(values);
    assertThat(rows(found.ranking())).isEqualTo(sorted.subList(0, Math.min(k, sorted.size())));
    for (int i = 0; i < found.ranking().size(); i++) {
      String key = ByteString.copyFrom(found.ranking().key(i)).toStringUtf8();
      List<Long> beside = new ArrayList<>();
      if (!criterion.score().isEmpty()) {
        beside.add(count(world, metric, interval, key));
      }
      criterion.include().forEach(each -> beside.add(count(world, each, interval, key)));
      assertThat(Arrays.stream(found.beside()[i]).boxed().toList()).isEqualTo(beside);
    }
  }

  private static Criterion criterion(World world) {
    Random random = world.random;
    List<String> include = Arrays.stream(METRICS).filter(metric -> random.nextBoolean()).toList();
    List<Criterion.Filter> where = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      where.add(
          new Criterion.Filter(
              world.metric(),
              Comparison.values()[random.nextInt(Comparison.values().length)],
              random.nextInt(9) - 3L));
    }
    List<Criterion.Term> score = new ArrayList<>();
    for (String metric : METRICS) {
      if (random.nextInt(3) == 0) {
        long weight = random.nextInt(4_000_001) - 2_000_000L;
        score.add(new Criterion.Term(metric, weight == 0 ? 1 : weight));
      }
    }
    return new Criterion(include, where, score);
  }

  @Test
  void theBestByScoreNeedNotBeAmongTheBestByCount() {
    RangeEngine engine = new RangeEngine(0);
    Batches batch = Batches.batch();
    for (int i = 0; i < 50; i++) {
      batch.row("clicks", "popular-" + i, 1_000 + i, Batches.NOON);
    }
    engine.apply(
        batch
            .row("purchases", "bought", 200, Batches.NOON)
            .row("clicks", "bought", 1, Batches.NOON)
            .row("purchases", "never-clicked", 199, Batches.NOON)
            .entry());

    CriterionRanking found =
        engine
            .rankings()
            .best(
                Batches.UID,
                "clicks",
                ALL,
                new Criterion(
                    List.of(),
                    List.of(),
                    List.of(
                        new Criterion.Term("clicks", 1_000_000),
                        new Criterion.Term("purchases", 10_000_000))),
                2);

    assertThat(rows(found.ranking()))
        .isEqualTo(
            List.of(
                Map.entry(ByteString.copyFromUtf8("bought"), 2_001_000_000L),
                Map.entry(ByteString.copyFromUtf8("never-clicked"), 1_990_000_000L)));
    assertThat(found.beside()).isDeepEqualTo(new long[][] {{1}, {0}});
  }

  @Test
  void aScoreThatLeaves64BitsIsRefusedAndOneThatComesBackIsNot() {
    RangeEngine engine = new RangeEngine(0);
    engine.apply(
        Batches.batch()
            .row("clicks", "k", Long.MAX_VALUE, Batches.NOON)
            .row("views", "k", Long.MAX_VALUE - 1, Batches.NOON)
            .entry());
    Criterion.Term clicks = new Criterion.Term("clicks", Criterion.MAX_WEIGHT_MICROS);
    Criterion.Term views = new Criterion.Term("views", -Criterion.MAX_WEIGHT_MICROS);

    CriterionRanking cancelled =
        engine.rankings().best(Batches.UID, "clicks", ALL, scored(clicks, views), 1);

    assertThat(cancelled.ranking().count(0)).isEqualTo(Criterion.MAX_WEIGHT_MICROS);
    assertThatThrownBy(() -> engine.rankings().best(Batches.UID, "clicks", ALL, scored(clicks), 1))
        .isInstanceOf(ScoreOverflowException.class);
    Criterion limited =
        new Criterion(
            List.of(),
            List.of(new Criterion.Filter("views", Comparison.BELOW, 10)),
            List.of(clicks));
    assertThat(engine.rankings().best(Batches.UID, "clicks", ALL, limited, 1).ranking().size())
        .as("a key that is not ranked has no score")
        .isZero();
  }

  private static Criterion scored(Criterion.Term... terms) {
    return new Criterion(List.of(), List.of(), List.of(terms));
  }

  @Test
  void aCriterionOutOfBoundsIsRefused() {
    assertThatThrownBy(() -> scored(new Criterion.Term("a", 0)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> scored(new Criterion.Term("a", Criterion.MAX_WEIGHT_MICROS + 1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> scored(new Criterion.Term("a", 1), new Criterion.Term("a", 2)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                new Criterion(
                    List.of("a", "b", "c", "d", "e", "f", "g", "h", "i"), List.of(), List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Growth(ALL, 1, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Growth(NOON_HOUR, 0, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Growth(NOON_HOUR, 1, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Property(tries = 100)
  void aViewAnswersEveryPlaceOfAFullSortWhileCountingGoesOn(@ForAll long seed) {
    World world = new World(seed);
    Interval interval = world.interval();
    String metric = world.metric();
    RankedViewBuild build = world.engine.rankings().view(Batches.UID, metric, interval);
    final RankedView.State state = world.engine.rankings().state(Batches.UID, metric, interval);
    final List<Map.Entry<ByteString, Long>> sorted = sorted(world.counts(metric, interval));
    final boolean changed = world.random.nextBoolean();
    while (!build.advance(1 + world.random.nextInt(200))) {
      if (changed) {
        world.more();
      }
    }

    RankedView view = build.view();

    assertThat(view.state()).isEqualTo(state);
    assertThat(view.size()).isEqualTo(sorted.size());
    assertThat(rows(view.rows(0, view.size()))).isEqualTo(sorted);
    int from = world.random.nextInt(5) - 2;
    int to = Math.max(0, from) + world.random.nextInt(9);
    assertThat(rows(view.rows(from, to)))
        .isEqualTo(
            sorted.subList(
                Math.min(sorted.size(), Math.max(0, from)), Math.min(sorted.size(), to)));
    for (int place = 0; place < sorted.size(); place++) {
      byte[] key = sorted.get(place).getKey().toByteArray();
      long now = world.engine.count(Batches.UID, metric, interval, key);
      assertThat(view.place(key, now)).isEqualTo(place);
      assertThat(view.count(place)).isEqualTo(sorted.get(place).getValue());
      assertThat(view.isAt(place, key)).isTrue();
      assertThat(view.before(view.count(place), key)).isEqualTo(place);
    }
    for (int i = 0; i < 20; i++) {
      ByteString key = ByteString.copyFromUtf8("other" + world.random.nextInt(9));
      long count = world.random.nextInt(13) - 3L;
      Map.Entry<ByteString, Long> row = Map.entry(key, count);
      assertThat(view.before(count, key.toByteArray()))
          .isEqualTo(
              (int) sorted.stream().filter(e -> NaiveEngine.ORDER.compare(e, row) < 0).count());
      assertThat(view.place(key.toByteArray(), count)).isEqualTo(-1);
    }
  }

  @Test
  void theStateOfAnIntervalChangesWithItsCountsOnly() {
    RangeEngine engine = new RangeEngine(0);
    engine.apply(Batches.batch().row("a", 1).entry());
    RankedView.State before = engine.rankings().state(Batches.UID, Batches.METRIC, FIVE_HOURS);

    engine.apply(Batches.batch().row(Batches.METRIC, "a", 1, Batches.NOON - 9 * HOUR).entry());
    engine.apply(Batches.batch().row("views", "a", 1, Batches.NOON).entry());
    assertThat(engine.rankings().state(Batches.UID, Batches.METRIC, FIVE_HOURS)).isEqualTo(before);

    engine.apply(Batches.batch().row(Batches.METRIC, "a", 1, Batches.NOON - HOUR).entry());
    RankedView.State after = engine.rankings().state(Batches.UID, Batches.METRIC, FIVE_HOURS);
    assertThat(after).isNotEqualTo(before);

    engine.apply(Batches.deletion(Batches.UID));
    assertThat(engine.rankings().state(Batches.UID, Batches.METRIC, FIVE_HOURS))
        .isNotEqualTo(after);
    assertThat(view(engine, FIVE_HOURS).size()).isZero();
  }

  private static RankedView view(RangeEngine engine, Interval interval) {
    RankedViewBuild build = engine.rankings().view(Batches.UID, Batches.METRIC, interval);
    assertThat(build.advance(Integer.MAX_VALUE)).isTrue();
    return build.view();
  }

  @Property(tries = 100)
  void theKeysThatGrowMostAreThoseOfAFullSort(@ForAll long seed) {
    World world = new World(seed);
    String metric = world.metric();
    Interval baseline =
        new Interval(
            WindowLevel.HOUR, Batches.NOON - (1 + world.random.nextInt(6)) * HOUR, Batches.NOON);
    Growth growth =
        new Growth(baseline, 1 + world.random.nextInt(3_600_000), 1 + world.random.nextInt(4));
    int k = 1 + world.random.nextInt(20);

    CriterionRanking found =
        world.engine.rankings().growing(Batches.UID, metric, NOON_HOUR, growth, k);

    Map<String, Long> before = world.counts(metric, baseline);
    double ratio =
        (double) growth.elapsedMillis() / (baseline.endMillis() - baseline.startMillis());
    Map<String, Long> scores = new HashMap<>();
    world
        .counts(metric, NOON_HOUR)
        .forEach(
            (key, x) -> {
              long b = Math.max(0, before.getOrDefault(key, 0L));
              double z =
                  2
                      * (Math.sqrt(x + 0.375) - Math.sqrt(ratio * (b + 0.375)))
                      / Math.sqrt(1 + ratio);
              if (x >= growth.minCount() && Math.round(z * 1_000_000) > 0) {
                scores.put(key, Math.round(z * 1_000_000));
              }
            });
    List<Map.Entry<ByteString, Long>> sorted = sorted(scores);
    assertThat(found.ranking().size()).isEqualTo(Math.min(k, sorted.size()));
    for (int i = 0; i < found.ranking().size(); i++) {
      // The last bit of a double may differ with the order of multiplications.
      assertThat(found.ranking().count(i))
          .isBetween(sorted.get(i).getValue() - 1, sorted.get(i).getValue() + 1);
      String key = ByteString.copyFrom(found.ranking().key(i)).toStringUtf8();
      assertThat(found.beside()[i])
          .containsExactly(count(world, metric, NOON_HOUR, key), before.getOrDefault(key, 0L));
    }
  }

  @Test
  void growthIsMeasuredInStandardDeviations() {
    Growth half =
        new Growth(
            new Interval(WindowLevel.HOUR, Batches.NOON - 24 * HOUR, Batches.NOON), HOUR / 2, 1);

    // By hand: r = 1/48, 2 (sqrt(100.375) - sqrt(2400.375 / 48)) / sqrt(49 / 48) = 5.833769
    assertThat(half.scoreMicros(100, 2_400)).isEqualTo(5_833_769);
    assertThat(half.scoreMicros(50, 2_400)).as("the same rate").isBetween(0L, 60_000L);
    assertThat(half.scoreMicros(10, 2_400)).isNegative();
    assertThat(half.scoreMicros(1, 0))
        .as("one event proves little")
        .isBetween(2_000_000L, 2_400_000L);
    assertThat(half.scoreMicros(-5, -5)).isEqualTo(half.scoreMicros(0, 0));
    assertThat(half.scoreMicros(Long.MAX_VALUE, 0)).isPositive();
  }

  @Test
  void aNamespaceThatIsNotKnownHasEmptyRankings() {
    RangeEngine engine = new RangeEngine(0);
    assertThat(engine.rankings().best(9, "clicks", ALL, Criterion.NONE, 5).ranking().size())
        .isZero();
    assertThat(view(engine, ALL).place(Batches.bytes("a"), 0)).isEqualTo(-1);
  }

  private static long count(World world, String metric, Interval interval, String key) {
    return world.counts(metric, interval).getOrDefault(key, 0L);
  }

  private static List<Map.Entry<ByteString, Long>> sorted(Map<String, Long> values) {
    return values.entrySet().stream()
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
