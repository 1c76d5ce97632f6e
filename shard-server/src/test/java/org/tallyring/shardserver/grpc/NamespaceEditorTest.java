package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.UnknownFieldSet;
import io.grpc.StatusRuntimeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;

class NamespaceEditorTest {

  private static final long HOUR = 3_600_000;

  private final MapStore store = new MapStore();
  private final NamespaceEditor editor = new NamespaceEditor(store);

  private static NamespaceDefinition.Builder shop() {
    return NamespaceDefinition.newBuilder().setName("shop");
  }

  @Test
  void everyStoredChangeRaisesTheRevision() {
    NamespaceDefinition created = editor.create(shop().setRevision(9).setUid(9).build()).join();
    MetricDefinition views = MetricDefinition.newBuilder().setName("views").build();
    NamespaceDefinition changed = editor.addMetric("shop", views).join();

    assertThat(created.getRevision()).isEqualTo(1);
    assertThat(created.getUid()).isNotEqualTo(9);
    assertThat(changed.getRevision()).isEqualTo(2);
    assertThat(editor.addMetric("shop", views).join()).isEqualTo(changed);
  }

  @Test
  void creatingTheSameAgainAnswersWithTheStoredOne() {
    NamespaceDefinition created = editor.create(shop().build()).join();

    assertThat(editor.create(shop().build()).join()).isEqualTo(created);
  }

  @ParameterizedTest
  @CsvSource({
    // hours of minute, hour, day; milliseconds more of the day; the field that is wrong, if any
    "1, 1, 1, 0, ",
    "1, 2, 876000, 0, ",
    "0, 2, 3, 0, minute_millis",
    "1, 0, 3, 0, hour_millis",
    "1, 1, 876000, 1, day_millis",
    "3, 2, 3, 0, hour_millis",
    "1, 3, 2, 0, day_millis",
    "-1, 3, 2, 0, minute_millis",
  })
  void retentionIsAnHourToAHundredYearsAndGrowsWithTheLevel(
      long minute, long hour, long day, long more, String wrong) {
    NamespaceDefinition.Builder definition = shop();
    definition
        .getRetentionBuilder()
        .setMinuteMillis(minute * HOUR)
        .setHourMillis(hour * HOUR)
        .setDayMillis(day * HOUR + more);
    if (wrong == null) {
      assertThat(editor.create(definition.build()).join().getRetention())
          .isEqualTo(definition.getRetention());
      return;
    }
    assertRefused(definition, "namespace.retention." + wrong + ": ");
  }

  @Test
  void aLevelLeftUnsaidHasItsDefaultInTheComparison() {
    NamespaceDefinition.Builder definition = shop();
    definition.getRetentionBuilder().setHourMillis(401 * 24 * HOUR);

    assertRefused(
        definition,
        "namespace.retention.day_millis: 34560000000 (expected: at least hour_millis, 34646400000)");
  }

  @Test
  void latenessIsAtMostADay() {
    assertRefused(
        shop().setLatenessMillis(86_400_001),
        "namespace.lateness_millis: 86400001 (expected: 0..86400000)");
  }

  @Test
  void theHorizonOfEventIdsIsAMinuteToTwoDays() {
    assertRefused(
        shop().setEventIdHorizonMillis(59_999),
        "namespace.event_id_horizon_millis: 59999 (expected: 60000..172800000)");
    assertRefused(
        shop().setEventIdHorizonMillis(48 * HOUR + 1),
        "namespace.event_id_horizon_millis: 172800001 (expected: 60000..172800000)");
    NamespaceDefinition.Builder longest = shop().setEventIdHorizonMillis(48 * HOUR);
    assertThat(editor.create(longest.build()).join().getEventIdHorizonMillis())
        .isEqualTo(48 * HOUR);
  }

  @Test
  void aSwapChangesTheStrategyAndRaisesTheRevision() {
    String metric = editor.create(shop().build()).join().getMetrics(0).getName();
    MetricDefinition.Builder wanted = MetricDefinition.newBuilder().setName(metric);
    wanted.getMorrisBuilder().setBase(1.02);

    NamespaceDefinition swapped = editor.swapMetric("shop", wanted.build()).join();

    assertThat(swapped.getRevision()).isEqualTo(2);
    assertThat(swapped.getMetrics(0)).isEqualTo(wanted.build());
    assertThat(editor.swapMetric("shop", wanted.build()).join()).isEqualTo(swapped);
    // Creating it without a word about the strategy is no swap.
    MetricDefinition named = MetricDefinition.newBuilder().setName(metric).build();
    assertThat(editor.addMetric("shop", named).join()).isEqualTo(swapped);
    wanted.getMorrisBuilder().setBase(2);
    assertThatThrownBy(() -> editor.addMetric("shop", wanted.build()).join())
        .hasCauseInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("exists with another strategy");
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 0.5, 0, -1, 1.0002, 17, Double.NaN, Double.POSITIVE_INFINITY})
  void aBaseOutOfBoundsIsRefused(double base) {
    MetricDefinition.Builder metric = MetricDefinition.newBuilder().setName("m");
    metric.getMorrisBuilder().setBase(base);
    assertBadStrategy(metric, "morris.base: " + base + " (expected: over 1");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 3_600_001, Long.MAX_VALUE})
  void aHorizonOutOfBoundsIsRefused(long horizon) {
    MetricDefinition.Builder metric = MetricDefinition.newBuilder().setName("m");
    metric.getSlidingWindowBuilder().setHorizonMillis(horizon);
    assertBadStrategy(metric, "sliding_window.horizon_millis: " + horizon + " (expected: 1..");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 1000, 4097, 1 << 21, Integer.MIN_VALUE, -1})
  void aMapSizeThatIsNoPowerOfTwoIsRefused(int size) {
    MetricDefinition.Builder metric = MetricDefinition.newBuilder().setName("m");
    metric.getHeavyHittersBuilder().setMaxMapSize(size);
    assertBadStrategy(metric, "(expected: a power of two, 8..65536)");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 17, -1})
  void registersOutOfBoundsAreRefused(int log2) {
    MetricDefinition.Builder metric = MetricDefinition.newBuilder().setName("m");
    metric.getDistinctBuilder().setLog2Registers(log2);
    assertBadStrategy(metric, "(expected: 4..16)");
  }

  @Test
  void aStrategyThatIsNotKnownHereIsRefusedAndNotTakenForTheDefault() {
    MetricDefinition.Builder metric =
        MetricDefinition.newBuilder()
            .setName("m")
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(100, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                    .build());
    assertBadStrategy(metric, "strategy: unknown here");
  }

  @Test
  void aSwapThatDoesNotSayToWhichStrategyIsRefused() {
    assertThatThrownBy(
            () -> editor.swapMetric("shop", MetricDefinition.newBuilder().setName("m").build()))
        .hasMessageContaining("strategy: none (expected: ")
        .extracting(Errors::reasonOf)
        .isEqualTo(ErrorReason.ERROR_REASON_BAD_STRATEGY);
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        -10_000,
        1,
        999,
        7_000,
        90_000,
        2_400_000,
        7_200_000,
        Long.MIN_VALUE,
        Long.MAX_VALUE
      })
  void aBucketDividesAMinuteOrAnHour(long bucket) {
    MetricDefinition.Builder metric = MetricDefinition.newBuilder().setName("m");
    metric.getFixedWindowBuilder().setBucketMillis(bucket);
    assertBadStrategy(
        metric, "fixed_window.bucket_millis: " + bucket + " (expected: 1, 2, 3, 4, 5, 6, 10, ");
  }

  @Test
  void aBucketOfAMinuteIsWhatAMetricHasThatSaysNothing() {
    editor.create(shop().build()).join();
    MetricDefinition.Builder clicks = MetricDefinition.newBuilder().setName("clicks");
    clicks.getFixedWindowBuilder().setBucketMillis(60_000);
    assertThat(editor.swapMetric("shop", clicks.build()).join().getRevision()).isEqualTo(1);

    clicks.getFixedWindowBuilder().setBucketMillis(10_000);
    assertThat(editor.swapMetric("shop", clicks.build()).join().getRevision()).isEqualTo(2);
  }

  private void assertBadStrategy(MetricDefinition.Builder metric, String message) {
    assertThatThrownBy(() -> editor.create(shop().addMetrics(metric).build()))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining(message)
        .extracting(Errors::reasonOf)
        .isEqualTo(ErrorReason.ERROR_REASON_BAD_STRATEGY);
    assertThatThrownBy(() -> editor.swapMetric("shop", metric.build()))
        .hasMessageContaining(message);
    assertThat(store.stored).isEmpty();
  }

  private void assertRefused(NamespaceDefinition.Builder definition, String message) {
    assertThatThrownBy(() -> editor.create(definition.build()))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining(message)
        .extracting(Errors::reasonOf)
        .isEqualTo(ErrorReason.ERROR_REASON_BAD_PARAMETER);
    assertThat(store.stored).isEmpty();
  }
}
