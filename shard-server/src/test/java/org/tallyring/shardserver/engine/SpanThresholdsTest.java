package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.engine.Batches.NOON;
import static org.tallyring.shardserver.engine.Batches.UID;
import static org.tallyring.shardserver.engine.Batches.batch;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.v1.Distinct;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.FixedWindow;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.SlidingWindow;
import org.tallyring.proto.v1.ThresholdExceeded;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.proto.v1.Window;

/** When rules about spans are told, and rules on metrics whose counts are not in buckets. */
class SpanThresholdsTest {

  private static final long SECOND = 1_000;
  private static final long MINUTE = 60 * SECOND;
  private static final long HOUR = 60 * MINUTE;
  private static final MetricDefinition.Builder TEN_SECONDS =
      MetricDefinition.newBuilder()
          .setFixedWindow(FixedWindow.newBuilder().setBucketMillis(10 * SECOND));
  private static final MetricDefinition.Builder SLIDING =
      MetricDefinition.newBuilder()
          .setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(HOUR));

  private RangeEngine engine = new RangeEngine(0);
  private int revision;
  private long seen;

  private void define(MetricDefinition.Builder metric, ThresholdRule.Builder... rules) {
    NamespaceDefinition.Builder definition =
        NamespaceDefinition.newBuilder()
            .setName(Batches.NAMESPACE)
            .setUid(UID)
            .setRevision(++revision)
            .addMetrics(metric.setName("m"));
    for (ThresholdRule.Builder rule : rules) {
      definition.addRules(rule.setName("r").setMetric("m"));
    }
    engine.apply(Batches.definition(definition));
  }

  private static ThresholdRule.Builder span(long millis, long limit) {
    return ThresholdRule.newBuilder().setSpanMillis(millis).setLimit(limit);
  }

  private void hit(long delta, long timeMillis) {
    engine.apply(batch().row("m", "a", delta, timeMillis).entry());
  }

  /** The counts that were told since the last call; with a snapshot in between. */
  private List<Long> told() {
    engine = RangeEngine.restore(0, engine.snapshot(4096));
    return toldEvents().stream().map(ThresholdExceeded::getCount).toList();
  }

  private List<ThresholdExceeded> toldEvents() {
    List<ThresholdExceeded> told = new ArrayList<>();
    EventQuery query =
        new EventQuery(
            seen, 0, "", EnumSet.of(EventKind.EVENT_KIND_THRESHOLD_EXCEEDED), 0, Integer.MAX_VALUE);
    for (Event event : engine.events(query).events()) {
      seen = event.getNumber();
      told.add(event.getThresholdExceeded());
    }
    return told;
  }

  @Test
  void aCrossingIsToldOnceWithTheSpanThatEndsWithTheBucketOfTheIncrement() {
    define(TEN_SECONDS, span(30 * SECOND, 3));
    hit(1, NOON + 1 * SECOND);
    hit(1, NOON + 29 * SECOND);
    assertThat(toldEvents()).isEmpty();
    hit(1, NOON + 29 * SECOND + 999);

    ThresholdExceeded told = toldEvents().get(0);
    assertThat(told.getWindow()).isEqualTo(Window.WINDOW_UNSPECIFIED);
    assertThat(told.getStartMillis()).isEqualTo(NOON);
    assertThat(told.getEndMillis()).isEqualTo(NOON + 30 * SECOND);
    assertThat(told.getCount()).isEqualTo(3);
    hit(1, NOON + 29 * SECOND + 999);
    assertThat(told()).isEmpty();
  }

  @Test
  void itIsArmedAgainAsTimePasses() {
    define(TEN_SECONDS, span(30 * SECOND, 3).setRearmBelow(2));
    hit(3, NOON);
    assertThat(told()).containsExactly(3L);
    // At 12:00:30 the three are out of the span: it holds none before this, and two after it.
    hit(2, NOON + 30 * SECOND);
    assertThat(told()).isEmpty();
    hit(1, NOON + 31 * SECOND);
    assertThat(told()).containsExactly(3L);
    // Two stay in the span of 12:01:00, but for the mark they would have to be fewer.
    hit(-1, NOON + 31 * SECOND);
    hit(2, NOON + 50 * SECOND);
    assertThat(told()).isEmpty();
  }

  @Test
  void anIncrementOfAnEarlierSpanNeitherArmsNorTells() {
    define(TEN_SECONDS, span(30 * SECOND, 3));
    hit(3, NOON + 60 * SECOND);
    assertThat(told()).containsExactly(3L);
    // Late: in its own span it is alone.
    hit(1, NOON);
    hit(1, NOON + 61 * SECOND);
    assertThat(told()).isEmpty();
    // A producer that lags crosses with other keys.
    engine.apply(batch().row("m", "b", 5, NOON).entry());
    assertThat(told()).containsExactly(5L);
  }

  @Test
  void aCountThatIsAtTheLimitWhenTheRuleIsMadeHasNotCrossed() {
    define(TEN_SECONDS);
    hit(5, NOON);
    define(TEN_SECONDS, span(30 * SECOND, 3));
    hit(1, NOON + 1);
    assertThat(told()).isEmpty();
    hit(3, NOON + 30 * SECOND);
    assertThat(told()).containsExactly(3L);
  }

  @Test
  void spansOfASlidingWindowAreExactToTheMillisecond() {
    define(SLIDING, span(1_500, 2));
    hit(1, NOON);
    hit(1, NOON + 1_500);
    assertThat(told()).isEmpty();
    hit(1, NOON + 2_999);
    assertThat(told()).containsExactly(2L);
    assertThat(
            engine.events(new EventQuery(0, 0, "", EnumSet.allOf(EventKind.class), 0, 99)).events())
        .last()
        .satisfies(
            event -> {
              assertThat(event.getThresholdExceeded().getStartMillis()).isEqualTo(NOON + 1_500);
              assertThat(event.getThresholdExceeded().getEndMillis()).isEqualTo(NOON + 3_000);
            });
  }

  @Test
  void theHourOfASlidingWindowIsToldAndNotOnceItsBeginningIsPastTheHorizon() {
    define(SLIDING, ThresholdRule.newBuilder().setWindow(Window.WINDOW_HOUR).setLimit(2));
    hit(1, NOON);
    hit(1, NOON + 59 * MINUTE);
    assertThat(told()).containsExactly(2L);
    hit(1, NOON + HOUR);
    hit(1, NOON + HOUR + 6 * MINUTE);
    assertThat(told()).containsExactly(2L);
    engine.apply(batch().row("m", "b", 2, NOON + 59 * MINUTE).entry());
    assertThat(told()).isEmpty();
  }

  @Test
  void distinctUsersAreToldOnceByTheEstimate() {
    define(
        MetricDefinition.newBuilder().setDistinct(Distinct.getDefaultInstance()),
        ThresholdRule.newBuilder().setWindow(Window.WINDOW_DAY).setLimit(3));
    for (String user : new String[] {"x", "y", "x", "z", "z", "z", "x"}) {
      engine.apply(batch().row("m", "a", user, 1, NOON).entry());
    }
    assertThat(told()).containsExactly(3L);
  }
}
