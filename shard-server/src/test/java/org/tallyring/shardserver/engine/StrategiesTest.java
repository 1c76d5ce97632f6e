package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.tallyring.shardserver.engine.Batches.NOON;
import static org.tallyring.shardserver.engine.Batches.UID;
import static org.tallyring.shardserver.engine.Batches.batch;
import static org.tallyring.shardserver.engine.Batches.bytes;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.SnapshotPiece;
import org.tallyring.proto.v1.Distinct;
import org.tallyring.proto.v1.FixedWindow;
import org.tallyring.proto.v1.HeavyHitters;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.Morris;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.SlidingWindow;
import org.tallyring.shardserver.engine.strategy.MorrisScale;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

final class StrategiesTest {

  private static final long MINUTE = 60_000;
  private static final int CHUNK_BYTES = 1 << 20;
  private static final Interval ALL = Interval.window(WindowLevel.ALL, 0);
  private static final Interval HOUR = Interval.window(WindowLevel.HOUR, NOON);

  private static final MetricDefinition FIXED =
      metric().setFixedWindow(FixedWindow.getDefaultInstance()).build();
  private static final MetricDefinition MORRIS =
      metric().setMorris(Morris.getDefaultInstance()).build();
  private static final MetricDefinition SLIDING = sliding(10 * MINUTE);
  private static final MetricDefinition HITTERS =
      metric().setHeavyHitters(HeavyHitters.newBuilder().setMaxMapSize(64)).build();
  private static final MetricDefinition DISTINCT =
      metric().setDistinct(Distinct.newBuilder().setLog2Registers(6)).build();

  private static final List<MetricDefinition> STRATEGIES =
      List.of(
          FIXED,
          metric().setFixedWindow(FixedWindow.newBuilder().setBucketMillis(10_000)).build(),
          metric().setFixedWindow(FixedWindow.newBuilder().setBucketMillis(15 * MINUTE)).build(),
          MORRIS,
          metric().setMorris(Morris.newBuilder().setBase(2)).build(),
          SLIDING,
          sliding(1),
          sliding(60 * MINUTE),
          HITTERS,
          metric().setHeavyHitters(HeavyHitters.newBuilder().setMaxMapSize(8)).build(),
          DISTINCT);

  private final RangeEngine engine = new RangeEngine(0);
  private int revision;

  private static MetricDefinition.Builder metric() {
    return MetricDefinition.newBuilder().setName("m");
  }

  private static MetricDefinition sliding(long horizonMillis) {
    return metric()
        .setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(horizonMillis))
        .build();
  }

  static JournalEntry definition(int revision, MetricDefinition... metrics) {
    return Batches.definition(
        NamespaceDefinition.newBuilder()
            .setName(Batches.NAMESPACE)
            .setUid(UID)
            .setRevision(revision)
            .addAllMetrics(List.of(metrics)));
  }

  private void use(MetricDefinition metric) {
    engine.apply(definition(++revision, metric));
  }

  private void hit(String key, long delta, long timeMillis) {
    engine.apply(batch().row("m", key, "u", delta, timeMillis).entry());
  }

  private long count(Interval interval, String key) {
    return engine.count(UID, "m", interval, bytes(key));
  }

  /** The property that recovery, hand-off and restore rest on. */
  @Property(tries = 150)
  void replayAndSnapshotsGiveTheSameBytes(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    RangeEngine straight = new RangeEngine(0);
    RangeEngine restored = new RangeEngine(0);
    List<MetricDefinition> metrics = new ArrayList<>();
    for (String name : new String[] {"a", "b", "c"}) {
      metrics.add(anyStrategy(random, name));
    }
    long now = NOON;
    for (int i = 0; i < 60; i++) {
      List<JournalEntry> entries = new ArrayList<>();
      if (i == 0 || random.nextInt(8) == 0) {
        int swapped = random.nextInt(3);
        metrics.set(swapped, anyStrategy(random, metrics.get(swapped).getName()));
        entries.add(definition(i + 1, metrics.toArray(MetricDefinition[]::new)));
      }
      now += random.nextInt(3) == 0 ? random.nextInt(40) * MINUTE : random.nextInt(5_000);
      Batches rows = batch().acceptedAt(now);
      for (int row = random.nextInt(700); row >= 0; row--) {
        rows.row(
            metrics.get(random.nextInt(3)).getName(),
            "key-" + (int) Math.abs(random.nextGaussian() * 40),
            random.nextInt(5) == 0 ? "" : "user-" + random.nextInt(300),
            random.nextInt(10) == 0 ? random.nextInt(2001) - 1000 | 1 : 1,
            now - (random.nextInt(10) == 0 ? random.nextInt(120) * MINUTE : random.nextInt(9_000)));
      }
      entries.add(rows.entry());
      for (JournalEntry entry : entries) {
        straight.apply(entry);
        restored.apply(entry);
      }
      if (random.nextInt(6) == 0) {
        restored = RangeEngine.restore(0, restored.snapshot(4096 + random.nextInt(60_000)));
      }
    }
    assertThat(pieces(restored)).isEqualTo(pieces(straight));
    long hour = WindowLevel.HOUR.start(now);
    for (MetricDefinition metric : metrics) {
      for (Interval interval :
          List.of(
              ALL,
              Interval.window(WindowLevel.HOUR, hour),
              new Interval(WindowLevel.MINUTE, hour - 25 * MINUTE, hour + 70 * MINUTE))) {
        assertThat(restored.ranking(UID, metric.getName(), interval, 20))
            .isEqualTo(straight.ranking(UID, metric.getName(), interval, 20));
        assertThat(restored.series(UID, metric.getName(), interval, bytes("key-3")))
            .isEqualTo(straight.series(UID, metric.getName(), interval, bytes("key-3")));
      }
    }
  }

  /** What came after the cut is not in it, though it is written down only then. */
  @Property(tries = 100)
  void aCutHoldsWhatWasThereWhenItWasMadeWhateverTheStrategy(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    RangeEngine range = new RangeEngine(0);
    MetricDefinition[] metrics = new MetricDefinition[3];
    for (int i = 0; i < metrics.length; i++) {
      metrics[i] = anyStrategy(random, "metric-" + i);
    }
    range.apply(definition(1, metrics));
    Map<SnapshotCut, List<SnapshotPiece>> expected = new LinkedHashMap<>();
    long now = NOON;
    for (int i = 0; i < 40; i++) {
      now += random.nextInt(4) == 0 ? random.nextInt(10) * MINUTE : random.nextInt(3_000);
      Batches rows = batch().acceptedAt(now);
      for (int row = 0; row < 60; row++) {
        rows.row(
            metrics[random.nextInt(3)].getName(),
            "key-" + (int) Math.abs(random.nextGaussian() * 40),
            "user-" + random.nextInt(300),
            1 + random.nextInt(3),
            now - (random.nextInt(4) == 0 ? random.nextInt(20) * MINUTE : random.nextInt(2_000)));
      }
      range.apply(rows.entry());
      if (random.nextInt(6) == 0) {
        expected.put(range.cut(CHUNK_BYTES), pieces(range));
      }
    }
    for (Map.Entry<SnapshotCut, List<SnapshotPiece>> each : expected.entrySet()) {
      assertThat(pieces(each.getKey().write())).isEqualTo(each.getValue());
    }
  }

  private static List<SnapshotPiece> pieces(RangeEngine engine) throws IOException {
    return pieces(engine.snapshot(CHUNK_BYTES));
  }

  private static List<SnapshotPiece> pieces(List<byte[]> chunks) throws IOException {
    List<SnapshotPiece> pieces = new ArrayList<>();
    for (byte[] chunk : chunks) {
      ByteArrayInputStream in = new ByteArrayInputStream(chunk);
      while (in.available() > 0) {
        pieces.add(SnapshotPiece.parseDelimitedFrom(in));
      }
    }
    return pieces;
  }

  static MetricDefinition anyStrategy(Random random, String name) {
    return STRATEGIES.get(random.nextInt(STRATEGIES.size())).toBuilder().setName(name).build();
  }

  @Test
  void morrisCountersAnswerEveryQuestionWithTheirStandardError() {
    use(MORRIS);
    for (int i = 0; i < 400; i++) {
      hit("a", 1, NOON + i);
      hit("b", 7, NOON + i);
    }
    double error = new MorrisScale(MorrisScale.DEFAULT_BASE).standardError();
    for (Interval interval :
        List.of(ALL, HOUR, new Interval(WindowLevel.MINUTE, NOON, NOON + 3 * MINUTE))) {
      assertThat((double) count(interval, "a")).isCloseTo(400, within(400 * 4 * error));
      assertThat((double) count(interval, "b")).isCloseTo(2800, within(2800 * 4 * error));
      Ranking ranking = engine.ranking(UID, "m", interval, 5);
      assertThat(ranking.key(0)).isEqualTo(bytes("b"));
      assertThat(ranking.quality().standardError()).isEqualTo(error);
      assertThat(engine.quality(UID, "m", interval)).isEqualTo(ranking.quality());
    }
  }

  @Test
  void exactCountsBecomeMorrisCountersAndBackWithoutBeginningAfresh() {
    use(FIXED);
    hit("a", 100_000, NOON);
    hit("b", 500, NOON - 60 * MINUTE);
    use(MORRIS);
    hit("a", 1, NOON + 1);
    // The hour before has not been added to: it is as good as it was.
    assertThat(count(Interval.window(WindowLevel.HOUR, NOON - 60 * MINUTE), "b")).isEqualTo(500);
    assertThat((double) count(HOUR, "a")).isCloseTo(100_000, within(100_000 * 0.0005));
    assertThat((double) count(ALL, "b")).isCloseTo(500, within(2.0));
    assertThat(engine.quality(UID, "m", HOUR).sinceMillis())
        .isEqualTo(CountQuality.NOTHING_MISSING);

    long estimate = count(ALL, "a");
    use(FIXED);
    hit("a", 5, NOON + 2);
    assertThat(count(ALL, "a")).isEqualTo(estimate + 5);
    // Exact from here on, but not before: the bucket says so for ever.
    assertThat(engine.quality(UID, "m", ALL).standardError()).isPositive();
    hit("a", 5, NOON + 60 * MINUTE);
    assertThat(engine.quality(UID, "m", Interval.window(WindowLevel.HOUR, NOON + 60 * MINUTE)))
        .isEqualTo(CountQuality.EXACT);
  }

  @Test
  void aSlidingWindowIsExactToItsHorizonAndKeepsTotals() {
    use(SLIDING);
    for (int i = 0; i < 120; i++) {
      hit("a", 1, NOON + i * MINUTE / 2);
    }
    long now = NOON + 60 * MINUTE;
    assertThat(count(ALL, "a")).isEqualTo(120);
    assertThat(count(new Interval(WindowLevel.MINUTE, now - 10 * MINUTE, now), "a")).isEqualTo(20);
    assertThat(
            engine.series(
                UID, "m", new Interval(WindowLevel.MINUTE, now - 3 * MINUTE, now), bytes("a")))
        .containsExactly(2, 2, 2);
    assertThat(engine.ranking(UID, "m", new Interval(WindowLevel.MINUTE, now - MINUTE, now), 3))
        .isEqualTo(new Ranking(new byte[][] {bytes("a")}, new long[] {2}, 0));
    // 10 minutes before the newest hit, and 5 for clocks that are ahead.
    KeptBuckets kept = engine.kept(UID, "m", new Interval(WindowLevel.MINUTE, now - MINUTE, now));
    assertThat(kept.from(WindowLevel.MINUTE)).isEqualTo(now - 15 * MINUTE);
    assertThat(kept.from(WindowLevel.HOUR)).isEqualTo(now);
    MetricStats stats = engine.stats(UID, "m");
    assertThat(stats.hits()).isEqualTo(120);
    assertThat(stats.pruned()).isEqualTo(120 - 31);
    assertThat(stats.entries()).isEqualTo(31 + 1);
  }

  @Test
  void hitsBecomeBucketsAndTheRestIsSaidToBeMissing() {
    use(SLIDING);
    for (int i = 0; i < 60; i++) {
      hit("a", 1, NOON + i * MINUTE);
    }
    use(FIXED);
    hit("a", 1, NOON + 60 * MINUTE);
    assertThat(count(ALL, "a")).isEqualTo(61);
    assertThat(count(HOUR, "a")).isEqualTo(16);
    long floor = NOON + (59 - 15) * MINUTE;
    assertThat(engine.quality(UID, "m", HOUR)).isEqualTo(new CountQuality(0, 0, floor));
    assertThat(engine.quality(UID, "m", Interval.window(WindowLevel.HOUR, NOON + 60 * MINUTE)))
        .isEqualTo(CountQuality.EXACT);
    assertThat(engine.quality(UID, "m", ALL)).isEqualTo(CountQuality.EXACT);
  }

  @Test
  void bucketsDoNotBecomeHitsAndTheAnswerSaysSinceWhen() {
    use(FIXED);
    hit("a", 3, NOON);
    use(SLIDING);
    hit("a", 1, NOON + 1);
    assertThat(count(ALL, "a")).isEqualTo(4);
    Interval minute = Interval.window(WindowLevel.MINUTE, NOON);
    assertThat(count(minute, "a")).isEqualTo(1);
    assertThat(engine.quality(UID, "m", minute)).isEqualTo(new CountQuality(0, 0, NOON + 1));
    assertThat(engine.quality(UID, "m", ALL)).isEqualTo(CountQuality.EXACT);
  }

  @Test
  void distinctUsersAreUnitedOverBucketsAndBeginAfresh() {
    use(metric().setDistinct(Distinct.getDefaultInstance()).build());
    for (int minute = 0; minute < 70; minute++) {
      Batches rows = batch();
      for (int user = 0; user < 20; user++) {
        rows.row("m", "a", "user-" + (minute + user), 1, NOON + minute * MINUTE);
      }
      rows.row("m", "b", "user-1", 9, NOON + minute * MINUTE);
      engine.apply(rows.entry());
    }
    assertThat(count(Interval.window(WindowLevel.MINUTE, NOON), "a")).isEqualTo(20);
    assertThat((double) count(ALL, "a")).isCloseTo(89, within(2.0));
    Interval span = new Interval(WindowLevel.MINUTE, NOON, NOON + 65 * MINUTE);
    assertThat((double) count(span, "a")).isCloseTo(84, within(2.0));
    assertThat(count(span, "b")).isEqualTo(1);
    Ranking ranking = engine.ranking(UID, "m", span, 5);
    assertThat(ranking.count(0)).isEqualTo(count(span, "a"));
    assertThat(ranking.count(1)).isEqualTo(1);

    use(FIXED);
    assertThat(count(ALL, "a")).isZero();
    assertThat(engine.quality(UID, "m", ALL))
        .isEqualTo(new CountQuality(0, 0, NOON + 69 * MINUTE + 1));
    assertThat(engine.stats(UID, "m").hits()).isEqualTo(70 * 21);
  }

  @Test
  void heavyHittersTakeBoundedMemoryAndGiveNoSlotsAway() {
    use(HITTERS);
    for (int i = 0; i < 5_000; i++) {
      engine.apply(batch().row("m", "rare-" + i, 1, NOON).row("m", "hot", 1, NOON).entry());
    }
    assertThat(engine.keys()).isZero();
    Ranking ranking = engine.ranking(UID, "m", HOUR, 10);
    assertThat(ranking.key(0)).isEqualTo(bytes("hot"));
    long error = ranking.quality().maxError();
    assertThat(error).isPositive();
    assertThat(ranking.count(0)).isBetween(5_000 - error, 5_000 + error);
    assertThat(count(HOUR, "hot")).isEqualTo(ranking.count(0));
    assertThat(engine.stats(UID, "m").entries()).isLessThanOrEqualTo(5 * 48);
    assertThat(engine.stats(UID, "m").pruned()).isGreaterThan(20_000);
  }

  @Test
  void totalsBecomeHeavyHittersAndBackWithTheirError() {
    use(FIXED);
    hit("a", 1000, NOON);
    hit("b", 10, NOON);
    use(HITTERS);
    hit("a", 1, NOON + 1);
    assertThat(count(ALL, "a")).isEqualTo(1001);
    assertThat(count(HOUR, "a")).isEqualTo(1);
    assertThat(engine.quality(UID, "m", HOUR).sinceMillis()).isEqualTo(NOON + 1);
    use(FIXED);
    assertThat(count(ALL, "a")).isEqualTo(1001);
    assertThat(count(ALL, "b")).isEqualTo(10);
    assertThat(engine.quality(UID, "m", ALL)).isEqualTo(CountQuality.EXACT);
  }

  @Test
  void publishedRankingsFollowASwap() {
    use(FIXED);
    hit("a", 1000, NOON);
    PublishedRankings before = engine.publish(NOON, 10);
    use(MORRIS);
    PublishedRankings after = engine.publish(NOON, 10);
    assertThat(after.version()).isGreaterThan(before.version());
    assertThat(after.rankings())
        .allSatisfy(
            ranking -> assertThat(ranking.ranking().quality().standardError()).isPositive());
    use(SLIDING);
    assertThat(engine.publish(NOON, 10).rankings())
        .singleElement()
        .satisfies(ranking -> assertThat(ranking.window().level()).isEqualTo(WindowLevel.ALL));
  }
}
