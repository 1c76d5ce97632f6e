package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.engine.Batches.NOON;
import static org.tallyring.shardserver.engine.Batches.UID;
import static org.tallyring.shardserver.engine.Batches.batch;
import static org.tallyring.shardserver.engine.Batches.bytes;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.v1.FixedWindow;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.SlidingWindow;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/** Finest buckets of a metric's own length: spans of them, swaps, retention. */
class FinestBucketsTest {

  private static final long SECOND = 1_000;
  private static final long MINUTE = 60 * SECOND;
  private static final long HOUR = 60 * MINUTE;
  private static final BucketWidth TEN_SECONDS = new BucketWidth(10 * SECOND);
  private static final BucketWidth QUARTER = new BucketWidth(15 * MINUTE);

  private RangeEngine engine = new RangeEngine(0);
  private int revision;

  private void use(MetricDefinition.Builder metric) {
    engine.apply(
        Batches.definition(
            NamespaceDefinition.newBuilder()
                .setName(Batches.NAMESPACE)
                .setUid(UID)
                .setRevision(++revision)
                .addMetrics(metric.setName("m"))));
  }

  private static MetricDefinition.Builder fixed(BucketWidth bucket) {
    return MetricDefinition.newBuilder()
        .setFixedWindow(FixedWindow.newBuilder().setBucketMillis(bucket.millis()));
  }

  private void hit(long timeMillis) {
    engine.apply(batch().row("m", "a", 1, timeMillis).entry());
  }

  private long count(Interval interval) {
    return engine.count(UID, "m", interval, bytes("a"));
  }

  private long keptFrom(BucketWidth width) {
    return engine.kept(UID, "m", finest(width, NOON, NOON + HOUR)).from(WindowLevel.MINUTE);
  }

  private static Interval finest(BucketWidth width, long start, long end) {
    return new Interval(WindowLevel.MINUTE, width, start, end);
  }

  private void restore() {
    engine = RangeEngine.restore(0, engine.snapshot(4096));
  }

  @Test
  void aSpanIsAnsweredFromTheMetricsOwnBuckets() {
    use(fixed(TEN_SECONDS));
    for (long time = NOON; time < NOON + 2 * HOUR; time += SECOND) {
      hit(time);
    }
    restore();

    Interval span = finest(TEN_SECONDS, NOON + 50 * SECOND, NOON + 80 * SECOND);
    assertThat(count(span)).isEqualTo(30);
    assertThat(engine.series(UID, "m", span, bytes("a"))).containsExactly(10, 10, 10);
    // The hour between is one bucket.
    assertThat(count(finest(TEN_SECONDS, NOON + HOUR - 10 * SECOND, NOON + 2 * HOUR)))
        .isEqualTo(3_610);
    // Minutes are put together of them.
    assertThat(count(finest(BucketWidth.MINUTE, NOON + MINUTE, NOON + 3 * MINUTE))).isEqualTo(120);
  }

  @Test
  void aSwapToMultiplesFoldsWhatIsThere() {
    use(fixed(TEN_SECONDS));
    hit(NOON + 9 * SECOND);
    hit(NOON + 10 * SECOND);
    hit(NOON + MINUTE);
    use(fixed(BucketWidth.MINUTE));
    restore();

    assertThat(keptFrom(BucketWidth.MINUTE)).isEqualTo(NOON + MINUTE - 26 * HOUR);
    assertThat(count(finest(BucketWidth.MINUTE, NOON, NOON + MINUTE))).isEqualTo(2);
    hit(NOON + 2 * SECOND);
    assertThat(
            engine.series(UID, "m", finest(BucketWidth.MINUTE, NOON, NOON + 120_000), bytes("a")))
        .containsExactly(3, 1);
  }

  @Test
  void aFoldedBucketThatWouldNotBeWholeIsDropped() {
    use(fixed(BucketWidth.MINUTE));
    hit(NOON + 7 * MINUTE);
    // Now minutes before NOON + 7 min are retired.
    hit(NOON + 26 * HOUR + 7 * MINUTE);
    use(fixed(QUARTER));
    restore();

    assertThat(keptFrom(QUARTER)).isEqualTo(NOON + 15 * MINUTE);
    assertThat(count(finest(QUARTER, NOON, NOON + 15 * MINUTE))).isZero();
    assertThat(count(Interval.window(WindowLevel.HOUR, NOON))).isEqualTo(1);
  }

  @Test
  void aSwapToOtherBucketsBeginsThemAfreshAndTheHoursAnswerForThePast() {
    use(fixed(BucketWidth.MINUTE));
    hit(NOON + 5 * SECOND);
    use(fixed(TEN_SECONDS));
    restore();

    assertThat(keptFrom(TEN_SECONDS)).isEqualTo(NOON + 10 * SECOND);
    assertThat(count(Interval.window(WindowLevel.HOUR, NOON))).isEqualTo(1);
    hit(NOON + 9 * SECOND);
    assertThat(engine.beyondRetention(UID, "m")).isEqualTo(1);
    hit(NOON + 10 * SECOND);
    assertThat(count(finest(TEN_SECONDS, NOON + 10 * SECOND, NOON + 20 * SECOND))).isEqualTo(1);
    assertThat(count(Interval.window(WindowLevel.HOUR, NOON))).isEqualTo(3);
  }

  @Test
  void aQuestionByBucketsThatCannotBePutTogetherFindsNothingSoFar() {
    use(fixed(QUARTER));
    assertThat(keptFrom(BucketWidth.MINUTE)).isEqualTo(Long.MIN_VALUE);
    hit(NOON + 5 * MINUTE);

    assertThat(keptFrom(BucketWidth.MINUTE)).isEqualTo(NOON + 6 * MINUTE);
    assertThat(keptFrom(QUARTER)).isEqualTo(NOON - 26 * HOUR);
    assertThat(
            engine.kept(UID, "m", Interval.window(WindowLevel.HOUR, NOON)).from(WindowLevel.HOUR))
        .isEqualTo(NOON - 40 * 24 * HOUR);
  }

  @Test
  void aLongBucketIsKeptUntilItsEndIsPastTheRetention() {
    use(fixed(QUARTER));
    hit(NOON + 14 * MINUTE);
    hit(NOON + 26 * HOUR + 14 * MINUTE);
    restore();
    assertThat(keptFrom(QUARTER)).isEqualTo(NOON);
    assertThat(count(finest(QUARTER, NOON, NOON + 15 * MINUTE))).isEqualTo(1);

    hit(NOON + 26 * HOUR + 15 * MINUTE);
    assertThat(keptFrom(QUARTER)).isEqualTo(NOON + 15 * MINUTE);
  }

  @Test
  void aSpanOfASlidingWindowIsExactToTheMillisecond() {
    use(
        MetricDefinition.newBuilder()
            .setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(10 * MINUTE)));
    for (long time : List.of(NOON + 500, NOON + 501, NOON + 1_999, NOON + 2_000)) {
      hit(time);
    }
    restore();
    Interval span = finest(BucketWidth.MILLISECOND, NOON + 501, NOON + 2_000);

    assertThat(count(span)).isEqualTo(2);
    assertThat(engine.ranking(UID, "m", span, 1).count(0)).isEqualTo(2);
    assertThat(count(finest(BucketWidth.MILLISECOND, NOON + 500, NOON + 501))).isEqualTo(1);
    assertThat(keptFrom(BucketWidth.MILLISECOND)).isEqualTo(NOON + 2_000 - 15 * MINUTE);
  }
}
