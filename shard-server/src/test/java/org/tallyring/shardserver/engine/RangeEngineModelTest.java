package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
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
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * Random histories against {@link NaiveEngine}. jqwik reports the history's seed when one fails,
 * and {@code seed} alone determines it.
 */
class RangeEngineModelTest {

  private static final int RANGE = 3;
  private static final int K = 5;
  private static final long HOUR = 3_600_000;
  private static final long[] STEPS = {
    0, 1, 1_000, 30_000, 60_000, HOUR, 24 * HOUR, 40 * 24 * HOUR
  };
  private static final long DAY = 24 * HOUR;
  private static final long[] RETENTIONS = {
    HOUR, 3 * HOUR + 1, 26 * HOUR, 5 * DAY, 40 * DAY, 400 * DAY, 36_500 * DAY
  };
  private static final String[] METRICS = {"clicks", "views", "purchases"};

  private static final class Producer {
    final ByteString session;
    long sequence;
    long usedAtMillis;

    Producer(ByteString session) {
      this.session = session;
    }
  }

  /** Entries of a history: times advance by leaps of all sizes, keys and deltas repeat often. */
  private static final class History {
    final Random random;
    final Producer[] producers = new Producer[4];
    long nowMillis = Batches.NOON;
    long revision;

    History(long seed) {
      random = new Random(seed);
      Arrays.setAll(producers, i -> new Producer(Batches.session(i)));
    }

    JournalEntry next() {
      nowMillis += STEPS[random.nextInt(STEPS.length)];
      if (random.nextInt(40) == 0) {
        return Batches.deletion(1 + random.nextInt(3));
      }
      if (random.nextInt(8) == 0) {
        return definition();
      }
      AcceptedBatch[] batches = new AcceptedBatch[1 + random.nextInt(3)];
      for (int i = 0; i < batches.length; i++) {
        batches[i] = batch();
      }
      return Batches.entry(batches);
    }

    /** Now and then one that comes too late. */
    private JournalEntry definition() {
      revision++;
      long uid = 1 + random.nextInt(3);
      NamespaceDefinition.Builder definition =
          NamespaceDefinition.newBuilder()
              .setUid(uid)
              .setName("ns-" + uid)
              .setRevision(Math.max(0, revision - random.nextInt(3) / 2 * random.nextInt(3)));
      if (random.nextBoolean()) {
        definition.setLatenessMillis(random.nextInt(2) * 120_000L);
      }
      if (random.nextInt(4) > 0) {
        int[] chosen = random.ints(3, 0, RETENTIONS.length).sorted().toArray();
        definition
            .getRetentionBuilder()
            .setMinuteMillis(RETENTIONS[chosen[0]])
            .setHourMillis(RETENTIONS[chosen[1]])
            .setDayMillis(RETENTIONS[chosen[2]]);
      }
      return Batches.definition(definition);
    }

    private AcceptedBatch batch() {
      long uid = 1L + random.nextInt(3);
      // A later owner's clock may be behind.
      long acceptedAt = nowMillis - random.nextInt(3) * 1_000L;
      Batches batch = Batches.batch().namespace(uid, "ns-" + uid).acceptedAt(acceptedAt);
      if (random.nextBoolean()) {
        int producer = random.nextInt(producers.length);
        // An idle session's id is not used again: whether it is forgotten is another test's matter.
        if (nowMillis - producers[producer].usedAtMillis > HOUR - 120_000) {
          producers[producer] = new Producer(Batches.session(random.nextInt()));
        }
        producers[producer].usedAtMillis = nowMillis;
        batch.session(producers[producer].session, ++producers[producer].sequence);
      }
      int rows = random.nextInt(20) == 0 ? 600 + random.nextInt(600) : 1 + random.nextInt(12);
      int keys = random.nextBoolean() ? 6 : 2_000;
      for (int row = 0; row < rows; row++) {
        long back = random.nextInt(4) == 0 ? random.nextLong(100 * 24 * HOUR) : random.nextInt(999);
        long time = random.nextInt(50) == 0 ? -HOUR * random.nextInt(999) : acceptedAt - back;
        if (random.nextInt(8) == 0) {
          // The first or last moment of a bucket.
          time = WindowLevel.values()[random.nextInt(4)].start(time) - random.nextInt(2);
        }
        batch.row(METRICS[random.nextInt(METRICS.length)], key(keys), delta(), time);
      }
      AcceptedBatch accepted = batch.accepted();
      return random.nextInt(5) == 0 ? plain(accepted) : accepted;
    }

    /** The same rows without any optional column. */
    private static AcceptedBatch plain(AcceptedBatch accepted) {
      AcceptedBatch.Builder plain = accepted.toBuilder();
      plain
          .getBatchBuilder()
          .clearBaseTimeMillis()
          .clearDeltas()
          .clearTimeOffsetsMillis()
          .clearMetricIndexes();
      return plain.build();
    }

    private String key(int keys) {
      int number = random.nextInt(keys);
      return number % 7 == 0 ? "a".repeat(1 + number % 512) : "key-\u00fc-" + number;
    }

    private long delta() {
      long delta = random.nextInt(7) - 3L;
      return delta == 0 ? 1L << random.nextInt(40) : delta;
    }
  }

  @Property(tries = 25)
  void everyAnswerEqualsTheModels(@ForAll long seed) {
    History history = new History(seed);
    NaiveEngine model = new NaiveEngine();
    RangeEngine engine = new RangeEngine(RANGE);
    for (int i = 0; i < 60; i++) {
      JournalEntry entry = history.next();
      model.apply(entry);
      engine.apply(entry);
      if (history.random.nextInt(8) == 0) {
        engine = RangeEngine.restore(RANGE, engine.snapshot(4096 << history.random.nextInt(8)));
      }
      if (history.random.nextInt(8) == 0) {
        assertSameSpans(engine, model, history.random, 5);
      }
    }
    assertSameAnswers(engine, model);
    assertSameSpans(engine, model, history.random, 100);
    for (Producer producer : history.producers) {
      if (producer.usedAtMillis == history.nowMillis) {
        assertThat(engine.lastSequence(producer.session)).isEqualTo(producer.sequence);
      }
    }
  }

  @Property(tries = 25)
  void publishingAgainAndAgainEqualsAFullScan(@ForAll long seed) {
    History history = new History(seed);
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

  @Property(tries = 25)
  void theSameEntriesGiveTheSameBytesWithOrWithoutSnapshotsBetween(@ForAll long seed) {
    History history = new History(seed);
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

  private static void assertSameAnswers(RangeEngine engine, NaiveEngine model) {
    assertThat(engine.increments()).isEqualTo(model.increments);
    assertThat(engine.keys()).isEqualTo(model.keys());
    for (long uid = 1; uid <= 4; uid++) {
      assertSameState(engine, model, uid);
    }
    Set<WindowKey> windows = new HashSet<>(model.counts.keySet());
    windows.add(new WindowKey(1, "clicks", WindowLevel.DAY, 0));
    windows.add(new WindowKey(9, "clicks", WindowLevel.ALL, 0));
    windows.add(new WindowKey(1, "none", WindowLevel.ALL, 0));
    for (WindowKey window : windows) {
      Interval interval = Interval.window(window.level(), window.startMillis());
      assertSame(engine, model, window.namespaceUid(), window.metric(), interval);
    }
  }

  private static void assertSameState(RangeEngine engine, NaiveEngine model, long uid) {
    assertThat(engine.watermarkMillis(uid))
        .isEqualTo(model.watermarks.getOrDefault(uid, Long.MIN_VALUE));
    assertThat(engine.definitionRevision(uid))
        .isEqualTo(
            model.definitions.containsKey(uid) ? model.definitions.get(uid).getRevision() : -1);
    for (WindowLevel level : WindowLevel.values()) {
      assertThat(engine.keptFrom(uid, level)).isEqualTo(model.keptFrom(uid, level));
    }
    for (String name : METRICS) {
      NaiveEngine.Metric metric = new NaiveEngine.Metric(uid, name);
      assertThat(engine.lateIncrements(uid, name))
          .isEqualTo(model.lateIncrements.getOrDefault(metric, 0L));
      assertThat(engine.beyondRetention(uid, name))
          .isEqualTo(model.beyondRetention.getOrDefault(metric, 0L));
    }
  }

  /** Spans that start at the first bucket kept, or somewhere after it. */
  private static void assertSameSpans(
      RangeEngine engine, NaiveEngine model, Random random, int spans) {
    for (int i = 0; i < spans; i++) {
      long uid = 1 + random.nextInt(3);
      WindowLevel level = WindowLevel.values()[random.nextInt(4)];
      long watermark = model.watermarks.getOrDefault(uid, Batches.NOON);
      long start = level.start(watermark - (long) (100 * DAY * Math.pow(random.nextDouble(), 4)));
      long keptFrom = model.keptFrom(uid, level);
      boolean near = keptFrom > watermark - 100 * DAY;
      if (start < keptFrom || (near && random.nextInt(3) == 0)) {
        start = keptFrom;
      }
      long end = start;
      int buckets = 1 + random.nextInt(1 << random.nextInt(12));
      for (int n = 0; n < buckets && end <= watermark; n++) {
        end = level.end(end);
      }
      String metric = METRICS[random.nextInt(METRICS.length)];
      assertSame(engine, model, uid, metric, new Interval(level, start, end));
    }
  }

  private static void assertSame(
      RangeEngine engine, NaiveEngine model, long uid, String metric, Interval interval) {
    Ranking all = model.ranking(uid, metric, interval, Integer.MAX_VALUE);
    assertThat(engine.revision(uid, metric, interval)).isEqualTo(all.revision());
    for (int k : new int[] {1, K, Integer.MAX_VALUE}) {
      assertThat(engine.ranking(uid, metric, interval, k)).isEqualTo(NaiveEngine.best(all, k));
    }
    RankedViewBuild build = engine.rankings().view(uid, metric, interval);
    assertThat(build.advance(Integer.MAX_VALUE)).isTrue();
    assertThat(build.view().rows(0, Integer.MAX_VALUE)).isEqualTo(all);
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
}
