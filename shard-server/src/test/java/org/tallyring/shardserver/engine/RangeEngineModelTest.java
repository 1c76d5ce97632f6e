package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.tallyring.proto.internal.v1.JournalEntry;

/**
 * Random journals ({@link ModelHistory}) against brute force ({@link NaiveEngine}). jqwik reports
 * the journal's seed when one fails, and {@code seed} alone determines it.
 *
 * <p>A build makes 200 tries of each property. {@code -Djqwik.tries.default=10000} makes that many,
 * in some minutes, and {@code -Djqwik.reporting.onlyfailures=false} prints jqwik's own seed, from
 * which the journals' seeds come, also when all is well.
 *
 * <p>Events and thresholds have an oracle of their own, {@link EventsModelTest}.
 */
class RangeEngineModelTest {

  private static final int RANGE = 3;
  private static final int K = 5;

  @Property
  void everyAnswerEqualsTheModelsAtAnyTimeBeforeAndAfterSnapshots(@ForAll long seed) {
    ModelHistory history = new ModelHistory(seed);
    NaiveEngine model = new NaiveEngine();
    RangeEngine engine = new RangeEngine(RANGE);
    for (int i = 0; i < 60; i++) {
      JournalEntry entry = history.next();
      model.apply(entry);
      engine.apply(entry);
      assertSameDuplicates(engine, model);
      if (history.random.nextInt(8) == 0) {
        new ModelQuestions(engine, model, history).askSome(4);
      }
      if (history.random.nextInt(8) == 0) {
        engine = RangeEngine.restore(RANGE, engine.snapshot(4096 << history.random.nextInt(8)));
        new ModelQuestions(engine, model, history).askSome(4);
      }
    }
    ModelQuestions questions = new ModelQuestions(engine, model, history);
    questions.askAll();
    questions.askSome(20);
  }

  private static void assertSameDuplicates(RangeEngine engine, NaiveEngine model) {
    for (int batch = 0; batch < model.duplicateRows.size(); batch++) {
      assertThat(Arrays.stream(engine.duplicateRows(batch)).boxed().toList())
          .isEqualTo(model.duplicateRows.get(batch));
    }
  }

  @Property
  void publishingAgainAndAgainEqualsAFullScan(@ForAll long seed) {
    ModelHistory history = new ModelHistory(seed);
    NaiveEngine model = new NaiveEngine();
    RangeEngine engine = new RangeEngine(RANGE);
    PublishedRankings last = engine.publish(history.nowMillis, K);
    Map<WindowKey, Ranking> collected = new HashMap<>();
    for (int i = 0; i < 60; i++) {
      if (history.random.nextInt(4) > 0) {
        JournalEntry entry = history.next();
        model.apply(entry);
        engine.apply(entry);
      }
      PublishedRankings published = engine.publish(history.nowMillis, K);
      Map<WindowKey, Ranking> full = new HashMap<>();
      published.rankings().forEach(each -> full.put(each.window(), each.ranking()));
      Map<WindowKey, Ranking> expected = model.open(history.nowMillis, K);
      assertThat(full).isEqualTo(expected);
      assertThat(published.lateCorrections())
          .containsExactlyInAnyOrderElementsOf(model.lateCorrections());
      published
          .changedSince(last.version())
          .forEach(changed -> collected.put(changed.window(), changed.ranking()));
      assertThat(collected).containsAllEntriesOf(expected);
      assertThat(published.version()).isBetween(last.version(), last.version() + 1);
      if (published.version() == last.version()) {
        assertThat(published).isSameAs(last);
      }
      assertThat(engine.publish(history.nowMillis, K)).isSameAs(published);
      last = published;
    }
  }

  @Property(tries = 100)
  void whatReachesTheFloorsIsPublishedWhole(@ForAll long seed) {
    ModelHistory history = new ModelHistory(seed);
    NaiveEngine model = new NaiveEngine();
    RangeEngine engine = new RangeEngine(RANGE);
    for (int i = 0; i < 60; i++) {
      if (history.random.nextInt(4) > 0) {
        JournalEntry entry = history.next();
        model.apply(entry);
        engine.apply(entry);
      }
      Map<WindowKey, Ranking> best = model.open(history.nowMillis, K);
      Map<WindowKey, Long> floors = new HashMap<>();
      best.forEach(
          (window, ranking) -> {
            if (ranking.size() > 0 && history.random.nextInt(3) > 0) {
              long count = ranking.count(history.random.nextInt(ranking.size()));
              floors.put(window, Math.max(1, count + history.random.nextInt(3) - 1));
            }
          });

      PublishedRankings published = engine.publish(history.nowMillis, K, new RankingFloors(floors));

      assertThat(published.rankings()).hasSize(best.size());
      for (PublishedRanking each : published.rankings()) {
        long asked = floors.getOrDefault(each.window(), RankingFloors.NONE);
        assertThat(each.floor()).isLessThanOrEqualTo(asked);
        assertThat(each.ranking())
            .isEqualTo(above(best.getOrDefault(each.window(), Ranking.EMPTY), each.floor()));
      }
    }
  }

  private static Ranking above(Ranking ranking, long floor) {
    int size = 0;
    while (size < ranking.size() && ranking.count(size) >= floor) {
      size++;
    }
    byte[][] keys = new byte[size][];
    long[] counts = new long[size];
    for (int i = 0; i < size; i++) {
      keys[i] = ranking.key(i);
      counts[i] = ranking.count(i);
    }
    return new Ranking(keys, counts, ranking.revision()).with(ranking.quality());
  }

  @Property
  void theSameEntriesGiveTheSameBytesWithOrWithoutSnapshotsBetween(@ForAll long seed) {
    ModelHistory history = new ModelHistory(seed);
    RangeEngine straight = new RangeEngine(RANGE);
    RangeEngine restored = new RangeEngine(RANGE);
    for (int i = 0; i < 40; i++) {
      JournalEntry entry = history.next();
      straight.apply(entry);
      restored.apply(entry);
      if (history.random.nextInt(5) == 0) {
        restored = RangeEngine.restore(RANGE, restored.snapshot(8192));
      }
    }
    int chunkBytes = 4096 + history.random.nextInt(100_000);
    List<byte[]> chunks = straight.snapshot(chunkBytes);
    assertThat(chunks).allSatisfy(chunk -> assertThat(chunk.length).isBetween(1, chunkBytes));
    assertThat(restored.snapshot(chunkBytes)).containsExactlyElementsOf(chunks);
  }

  @Property
  void aCutHoldsWhatWasThereWhenItWasMade(@ForAll long seed) {
    ModelHistory history = new ModelHistory(seed);
    RangeEngine engine = new RangeEngine(RANGE);
    Map<SnapshotCut, List<byte[]>> expected = new LinkedHashMap<>();
    for (int i = 0; i < 40; i++) {
      engine.apply(history.next());
      if (history.random.nextInt(6) == 0) {
        SnapshotCut cut = engine.cut(8192);
        expected.put(cut, engine.snapshot(8192));
      }
    }
    expected.forEach((cut, chunks) -> assertThat(cut.write()).containsExactlyElementsOf(chunks));
  }
}
