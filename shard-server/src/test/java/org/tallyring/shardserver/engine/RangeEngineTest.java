package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.tallyring.shardserver.engine.Batches.METRIC;
import static org.tallyring.shardserver.engine.Batches.NOON;
import static org.tallyring.shardserver.engine.Batches.UID;
import static org.tallyring.shardserver.engine.Batches.batch;
import static org.tallyring.shardserver.engine.Batches.bytes;
import static org.tallyring.shardserver.engine.Batches.session;

import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.SegmentHeader;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

class RangeEngineTest {

  private static final long HOUR = 3_600_000;
  private static final long MINUTE = 60_000;

  private final RangeEngine engine = new RangeEngine(0);

  private long count(WindowLevel level, long timeMillis, String key) {
    return engine.count(UID, METRIC, Interval.window(level, level.start(timeMillis)), bytes(key));
  }

  private String ranked(int k) {
    Ranking ranking = engine.ranking(UID, METRIC, Interval.window(WindowLevel.ALL, 0), k);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < ranking.size(); i++) {
      String key = new String(ranking.key(i), StandardCharsets.UTF_8);
      text.append(key).append('=').append(ranking.count(i)).append(' ');
    }
    return text.toString().trim();
  }

  private int[] overflowingRows(AcceptedBatch batch) {
    return engine.overflowingRows(batch, Batches.columns(batch));
  }

  @Test
  void anIncrementCountsInTheFourWindowsOfItsEventTime() {
    engine.apply(batch().row("a", 2).row(METRIC, "a", 3, NOON + HOUR).entry());

    assertThat(count(WindowLevel.HOUR, NOON, "a")).isEqualTo(2);
    assertThat(count(WindowLevel.HOUR, NOON + HOUR, "a")).isEqualTo(3);
    assertThat(count(WindowLevel.DAY, NOON, "a")).isEqualTo(5);
    assertThat(count(WindowLevel.MONTH, NOON, "a")).isEqualTo(5);
    assertThat(count(WindowLevel.ALL, NOON, "a")).isEqualTo(5);
    assertThat(count(WindowLevel.DAY, NOON + 24 * HOUR, "a")).isZero();
  }

  @Test
  void withoutABaseTimeTheTimeOfAcceptanceCounts() {
    AcceptedBatch accepted =
        batch().acceptedAt(NOON + 2 * HOUR).row(METRIC, "a", 1, -HOUR).untimed().accepted();

    engine.apply(Batches.entry(accepted));

    assertThat(count(WindowLevel.HOUR, NOON + HOUR, "a")).isEqualTo(1);
  }

  @Test
  void equalCountsAreRankedByUnsignedKeyBytes() {
    for (String key : new String[] {"b", "\u00e9", "ab", "a", "z", "a\u00e9"}) {
      engine.apply(batch().row(key, 1).entry());
    }

    assertThat(ranked(10)).isEqualTo("a=1 ab=1 a\u00e9=1 b=1 z=1 \u00e9=1");
    assertThat(ranked(3)).isEqualTo("a=1 ab=1 a\u00e9=1");
  }

  @Test
  void countsOfZeroAreNotRankedAndNegativeOnesAre() {
    engine.apply(batch().row("gone", 5).row("debt", -2).row("gone", -5).row("one", 1).entry());

    assertThat(ranked(10)).isEqualTo("one=1 debt=-2");
    assertThat(engine.keys()).isEqualTo(3);
  }

  @Test
  void aLateBatchRaisesTheRevisionOfEachFinalWindowOnce() {
    JournalEntry late =
        batch()
            .acceptedAt(NOON + HOUR + MINUTE)
            .row("a", 1)
            .row("b", 1)
            .row(METRIC, "a", 1, NOON + HOUR)
            .row("c", 1)
            .row(METRIC, "a", 1, NOON - HOUR)
            .entry();
    engine.apply(late);

    assertThat(revision(WindowLevel.HOUR, NOON)).isEqualTo(1);
    assertThat(revision(WindowLevel.HOUR, NOON - HOUR)).isEqualTo(1);
    assertThat(revision(WindowLevel.HOUR, NOON + HOUR)).isZero();
    assertThat(revision(WindowLevel.DAY, NOON)).isZero();
    assertThat(engine.publish(NOON, 10).lateCorrections())
        .containsExactly(new PublishedRankings.LateCorrections(UID, METRIC, 1));

    engine.apply(late);
    assertThat(revision(WindowLevel.HOUR, NOON)).isEqualTo(2);
  }

  @Test
  void aWindowStaysOpenForItsLateness() {
    engine.apply(batch().acceptedAt(NOON + HOUR + MINUTE - 1).row("a", 1).entry());

    assertThat(revision(WindowLevel.HOUR, NOON)).isZero();
  }

  private long revision(WindowLevel level, long timeMillis) {
    return engine.revision(UID, METRIC, Interval.window(level, level.start(timeMillis)));
  }

  @Test
  void bucketsAreKeptUntilTheWatermarkHasLeftTheirEndBehind() {
    engine.apply(Batches.definition(defined(1, HOUR, 2 * HOUR, 48 * HOUR)));
    engine.apply(batch().row("a", 1).entry());

    engine.apply(batch().row(METRIC, "b", 1, NOON + MINUTE + HOUR - 1).entry());
    assertThat(count(WindowLevel.MINUTE, NOON, "a")).isEqualTo(1);
    assertThat(engine.keptFrom(UID, WindowLevel.MINUTE)).isEqualTo(NOON);

    engine.apply(batch().row(METRIC, "b", 1, NOON + MINUTE + HOUR).entry());
    assertThat(count(WindowLevel.MINUTE, NOON, "a")).isZero();
    assertThat(engine.keptFrom(UID, WindowLevel.MINUTE)).isEqualTo(NOON + MINUTE);
    assertThat(count(WindowLevel.HOUR, NOON, "a")).isEqualTo(1);
    assertThat(engine.keptFrom(UID, WindowLevel.HOUR)).isEqualTo(NOON - HOUR);
    assertThat(engine.keptFrom(UID, WindowLevel.MONTH)).isEqualTo(Long.MIN_VALUE);
    assertThat(engine.keptFrom(99, WindowLevel.MINUTE)).isEqualTo(Long.MIN_VALUE);
  }

  @Test
  void anIncrementTooOldForALevelCountsInTheOthersAndIsReported() {
    engine.apply(Batches.definition(defined(1, HOUR, 2 * HOUR, 48 * HOUR)));
    engine.apply(batch().acceptedAt(NOON).row("a", 1).entry());
    engine.apply(batch().acceptedAt(NOON).row(METRIC, "a", 1, NOON - 2 * HOUR - 1).entry());

    assertThat(count(WindowLevel.MINUTE, NOON - 2 * HOUR - 1, "a")).isZero();
    assertThat(count(WindowLevel.HOUR, NOON - 2 * HOUR - 1, "a")).isZero();
    assertThat(count(WindowLevel.DAY, NOON, "a")).isEqualTo(2);
    assertThat(engine.beyondRetention(UID, METRIC)).isEqualTo(1);
    assertThat(engine.lateIncrements(UID, METRIC)).isEqualTo(1);
    assertThat(engine.beyondRetention()).isEqualTo(1);
    assertThat(engine.lateIncrements()).isEqualTo(1);
  }

  @Test
  void theOrderOfRowsInABatchDoesNotMatter() {
    RangeEngine other = new RangeEngine(0);
    long old = NOON - 30 * HOUR;
    engine.apply(batch().row(METRIC, "a", 1, old).row(METRIC, "b", 1, NOON).entry());
    other.apply(batch().row(METRIC, "b", 1, NOON).row(METRIC, "a", 1, old).entry());

    for (RangeEngine each : new RangeEngine[] {engine, other}) {
      Interval minute = Interval.window(WindowLevel.MINUTE, old);
      assertThat(each.count(UID, METRIC, minute, bytes("a"))).isZero();
      assertThat(each.beyondRetention(UID, METRIC)).isEqualTo(1);
    }
  }

  @Test
  void aLongerRetentionBringsNothingBackAndKeepsFromThenOn() {
    engine.apply(Batches.definition(defined(1, HOUR, HOUR, HOUR)));
    engine.apply(batch().row("a", 1).entry());
    engine.apply(Batches.definition(defined(2, 48 * HOUR, 48 * HOUR, 48 * HOUR)));
    engine.apply(batch().row(METRIC, "a", 1, NOON - HOUR - 1).entry());
    engine.apply(batch().row(METRIC, "a", 1, NOON + 24 * HOUR).entry());

    assertThat(engine.keptFrom(UID, WindowLevel.MINUTE)).isEqualTo(NOON - HOUR);
    assertThat(engine.beyondRetention(UID, METRIC)).isEqualTo(1);
    assertThat(count(WindowLevel.MINUTE, NOON, "a")).isEqualTo(1);
  }

  @Test
  void aShorterRetentionRetiresAtOnce() {
    engine.apply(batch().row("a", 1).row(METRIC, "a", 1, NOON - 3 * HOUR).entry());
    engine.apply(Batches.definition(defined(1, HOUR, HOUR, HOUR)));

    assertThat(count(WindowLevel.HOUR, NOON - 3 * HOUR, "a")).isZero();
    assertThat(count(WindowLevel.DAY, NOON, "a")).isEqualTo(2);
    assertThat(engine.keptFrom(UID, WindowLevel.HOUR)).isEqualTo(NOON - HOUR);
  }

  @Test
  void onlyANewerDefinitionTakesEffect() {
    assertThat(engine.definitionRevision(UID)).isEqualTo(-1);
    engine.apply(Batches.definition(defined(2, HOUR, HOUR, HOUR).setLatenessMillis(0)));
    engine.apply(Batches.definition(defined(1, HOUR, HOUR, HOUR).setLatenessMillis(HOUR)));
    engine.apply(batch().acceptedAt(NOON + HOUR).row("a", 1).entry());
    RangeEngine restored = RangeEngine.restore(0, engine.snapshot(1 << 20));

    assertThat(revision(WindowLevel.HOUR, NOON)).isEqualTo(1);
    assertThat(restored.definitionRevision(UID)).isEqualTo(2);
    engine.apply(Batches.deletion(UID));
    engine.apply(Batches.definition(defined(3, HOUR, HOUR, HOUR)));
    assertThat(engine.definitionRevision(UID)).isEqualTo(-1);
  }

  private static NamespaceDefinition.Builder defined(
      long revision, long minutes, long hours, long days) {
    NamespaceDefinition.Builder definition =
        NamespaceDefinition.newBuilder()
            .setUid(UID)
            .setName(Batches.NAMESPACE)
            .setRevision(revision);
    definition
        .getRetentionBuilder()
        .setMinuteMillis(minutes)
        .setHourMillis(hours)
        .setDayMillis(days);
    return definition;
  }

  @Test
  void aSpanIsTheSumOfItsBucketsAndASeriesIsItsBuckets() {
    for (int minute = 0; minute < 200; minute++) {
      engine.apply(
          batch()
              .row(METRIC, "a", minute, NOON + minute * MINUTE)
              .row(METRIC, "b", 100, NOON + minute * MINUTE)
              .entry());
    }
    Interval span = new Interval(WindowLevel.MINUTE, NOON + 10 * MINUTE, NOON + 190 * MINUTE);
    Ranking ranking = engine.ranking(UID, METRIC, span, 1);

    assertThat(engine.count(UID, METRIC, span, bytes("b"))).isEqualTo(18_000);
    assertThat(engine.series(UID, METRIC, span, bytes("a")))
        .isEqualTo(LongStream.range(10, 190).toArray());
    assertThat(engine.series(UID, METRIC, span, bytes("never"))).isEqualTo(new long[180]);
    assertThat(ranking.key(0)).isEqualTo(bytes("b"));
    assertThat(ranking.count(0)).isEqualTo(18_000);
    assertThat(engine.ranking(UID, METRIC, span, 1)).isEqualTo(ranking);
  }

  @Test
  void aHeaderChangesNothing() {
    engine.apply(batch().row("a", 1).entry());
    byte[] before = engine.snapshot(1 << 20).get(0);

    engine.apply(
        JournalEntry.newBuilder()
            .setHeader(SegmentHeader.newBuilder().setRangeId(9).setEpoch(9))
            .build());

    assertThat(engine.snapshot(1 << 20)).containsExactly(before);
  }

  @Test
  void anEntryOfAnUnknownKindIsRefused() {
    assertThatIllegalStateException()
        .isThrownBy(() -> engine.apply(JournalEntry.getDefaultInstance()));
  }

  @Test
  void aDeletedNamespaceStaysGoneButSessionsGoOn() {
    engine.apply(batch().session(session(1), 1).row("a", 1).entry());
    engine.apply(Batches.deletion(UID));
    engine.apply(batch().session(session(1), 2).row("a", 1).entry());
    RangeEngine restored = RangeEngine.restore(0, engine.snapshot(1 << 20));
    restored.apply(batch().session(session(1), 3).row("a", 1).entry());

    assertThat(count(WindowLevel.ALL, NOON, "a")).isZero();
    assertThat(engine.keys()).isZero();
    assertThat(restored.keys()).isZero();
    assertThat(restored.increments()).isEqualTo(1);
    assertThat(restored.lastSequence(session(1))).isEqualTo(3);
  }

  @Test
  void aHoleInASessionIsCorruption() {
    engine.apply(batch().session(session(1), 1).row("a", 1).entry());

    assertThatIllegalStateException()
        .isThrownBy(() -> engine.apply(batch().session(session(1), 3).row("a", 1).entry()))
        .withMessageContaining("sequence: 3 (expected: 2)");
    assertThatIllegalStateException()
        .isThrownBy(() -> engine.apply(batch().session(session(2), 2).row("a", 1).entry()))
        .withMessageContaining("sequence: 2 (expected: 1)");
    assertThatIllegalStateException()
        .isThrownBy(() -> engine.apply(batch().session(session(1), 1).row("a", 1).entry()));
  }

  @Test
  void publishingWithoutChangesReturnsTheSameObject() {
    PublishedRankings nothing = engine.publish(NOON, 10);
    assertThat(nothing.version()).isZero();
    assertThat(engine.publish(NOON + 1, 10)).isSameAs(nothing);

    engine.apply(batch().row("a", 1).entry());
    PublishedRankings first = engine.publish(NOON + 2, 10);
    assertThat(first.version()).isEqualTo(1);
    assertThat(first.publishedAtMillis()).isEqualTo(NOON + 2);
    assertThat(first.changedSince(0)).hasSize(4);
    assertThat(engine.publish(NOON + 3, 10)).isSameAs(first);
  }

  @Test
  void onlyChangedWindowsAreNewAfterAVersion() {
    engine.apply(batch().row("a", 1).entry());
    PublishedRankings first = engine.publish(NOON, 10);
    engine.apply(batch().row(METRIC, "a", 1, NOON - HOUR).entry());
    PublishedRankings second = engine.publish(NOON, 10);

    assertThat(second.version()).isEqualTo(2);
    assertThat(second.rankings()).hasSize(4);
    assertThat(second.changedSince(first.version()))
        .extracting(changed -> changed.window().level())
        .containsExactly(WindowLevel.DAY, WindowLevel.MONTH, WindowLevel.ALL);
  }

  @Test
  void incrementsBelowTheRankingPublishNothing() {
    engine.apply(batch().row("a", 9).row("b", 1).entry());
    PublishedRankings first = engine.publish(NOON, 1);
    engine.apply(batch().row("b", 1).entry());

    assertThat(engine.publish(NOON, 1)).isSameAs(first);
    assertThat(engine.publish(NOON, 2).changedSince(first.version())).hasSize(4);
  }

  @Test
  void aRankingWhoseCountsFellIsFoundAgain() {
    engine.apply(batch().row("a", 9).row("b", 8).row("c", 7).row("d", -1).entry());
    engine.publish(NOON, 2);
    engine.apply(batch().row("a", -8).row("b", -10).entry());

    assertThat(engine.publish(NOON, 2).rankings().get(0).ranking())
        .isEqualTo(new Ranking(new byte[][] {bytes("c"), bytes("a")}, new long[] {7, 1}, 0));
    assertThat(engine.publish(NOON, 4).rankings().get(0).ranking())
        .isEqualTo(engine.ranking(UID, METRIC, Interval.window(WindowLevel.HOUR, NOON), 4));
  }

  @Test
  void windowsThatEndedAreNoLongerPublished() {
    engine.apply(batch().row("a", 1).entry());
    engine.publish(NOON, 10);

    assertThat(engine.publish(NOON + HOUR, 10).rankings())
        .extracting(each -> each.window().level())
        .containsExactly(WindowLevel.DAY, WindowLevel.MONTH, WindowLevel.ALL);
  }

  @Test
  void theBoundRisesWithEveryDeltaAndSaturates() {
    assertThat(engine.couldOverflow(Long.MAX_VALUE)).isFalse();
    engine.apply(batch().row("a", -3).row("b", 4).entry());

    assertThat(engine.couldOverflow(Long.MAX_VALUE - 7)).isFalse();
    assertThat(engine.couldOverflow(Long.MAX_VALUE - 6)).isTrue();
    assertThat(engine.couldOverflow(-1)).isTrue();

    engine.apply(batch().row("a", Long.MAX_VALUE).row("b", -Long.MAX_VALUE).entry());
    RangeEngine restored = RangeEngine.restore(0, engine.snapshot(1 << 20));
    assertThat(restored.couldOverflow(0)).isFalse();
    assertThat(restored.couldOverflow(1)).isTrue();
  }

  @Test
  void rowsThatWouldOverflowAreFoundInOrderWithoutTheRefusedOnes() {
    engine.apply(batch().row("a", Long.MAX_VALUE - 10).entry());
    AcceptedBatch accepted =
        batch()
            .row("a", 8)
            .row("a", 5) // would overflow, and is left out
            .row("a", 2) // fits exactly
            .row(METRIC, "a", 1, NOON + HOUR) // fits in its hour, not in the day
            .row("views", "a", Long.MAX_VALUE, NOON)
            .row("b", -Long.MAX_VALUE)
            .row("b", -1) // the lowest count there is
            .row("b", -1)
            .row("a", -1)
            .row("a", 1)
            .accepted();

    assertThat(overflowingRows(accepted)).containsExactly(1, 3, 7);
  }

  @Test
  void askingForOverflowChangesNothing() {
    engine.apply(batch().row("a", 1).entry());
    byte[] before = engine.snapshot(1 << 20).get(0);

    overflowingRows(batch().row("new", 1).row("views", "a", 1, NOON).accepted());

    assertThat(engine.snapshot(1 << 20)).containsExactly(before);
  }

  @Test
  void manyKeysInManyWindowsAreCountedExactly() {
    int keys = 50_000;
    Batches first = batch();
    IntStream.range(0, keys).forEach(i -> first.row("key-" + i, i + 1));
    engine.apply(first.entry());
    Batches second = batch();
    IntStream.range(0, keys / 100)
        .forEach(i -> second.row(METRIC, "key-" + i * 100, 1, NOON - HOUR));
    engine.apply(second.entry());

    RangeEngine restored = RangeEngine.restore(0, engine.snapshot(10_000));
    assertThat(restored.keys()).isEqualTo(keys);
    for (int i = 0; i < keys; i++) {
      byte[] key = bytes("key-" + i);
      int late = i % 100 == 0 ? 1 : 0;
      long earlier = WindowLevel.HOUR.start(NOON - HOUR);
      if (restored.count(UID, METRIC, Interval.window(WindowLevel.ALL, 0), key) != i + 1 + late
          || restored.count(UID, METRIC, Interval.window(WindowLevel.HOUR, earlier), key) != late) {
        throw new AssertionError("count of key-" + i);
      }
    }
    assertThat(ranked(2)).isEqualTo("key-49999=50000 key-49998=49999");
  }

  @Test
  void aRankingNeedsAPositiveK() {
    engine.apply(batch().row("a", 1).entry());

    assertThatIllegalArgumentException()
        .isThrownBy(() -> ranked(0))
        .withMessage("k: 0 (expected: at least 1)");
  }
}
