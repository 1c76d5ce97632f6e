package org.tallyring.proto.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Timestamp;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.KeptFrom;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.Resolved;
import org.tallyring.topology.window.WindowLevel;

final class SelectionsTest {

  private static final long NOW = millis("2026-01-15T10:30:20Z");
  private static final long LATENESS = 60_000;

  @Test
  void aSpanEndsNowAndAWindowIsTheLatestFinalOneUnlessSaidOtherwise() {
    assertThat(resolved(last("PT1H")).interval())
        .isEqualTo(
            new Interval(
                WindowLevel.MINUTE,
                millis("2026-01-15T09:31:00Z"),
                millis("2026-01-15T10:31:00Z")));
    assertThat(resolved(WindowSelector.newBuilder().setWindow(Window.WINDOW_HOUR)).interval())
        .isEqualTo(Interval.window(WindowLevel.HOUR, millis("2026-01-15T09:00:00Z")));
    assertThat(resolved(last("PT1H").setSealed(true)).isFinal()).isTrue();
    assertThat(resolved(last("PT1H").setTime(time("2012-07-04T07:00:00Z"))).interval().endMillis())
        .isEqualTo(millis("2012-07-04T07:00:00Z"));
  }

  @Test
  void theLabelOfASpanHasItsBucketsAndNoWindow() {
    AnswerLabel span = Selections.label(resolved(last("PT1H"))).build();
    assertThat(span.getBucket()).isEqualTo(Window.WINDOW_MINUTE);
    assertThat(span.getWindow()).isEqualTo(Window.WINDOW_UNSPECIFIED);
    assertThat(span.getEndTime()).isEqualTo(time("2026-01-15T10:31:00Z"));
    AnswerLabel all =
        Selections.label(resolved(WindowSelector.newBuilder().setWindow(Window.WINDOW_ALL)))
            .build();
    assertThat(all.getBucket()).isEqualTo(Window.WINDOW_UNSPECIFIED);
    assertThat(all.hasStartTime() || all.hasEndTime()).isFalse();
  }

  @Test
  void theLabelOfASpanOfTheMetricsOwnBucketsHasTheirLength() {
    AnswerLabel span = Selections.label(resolved(last("PT1.5S"), BucketWidth.MILLISECOND)).build();
    assertThat(span.getBucket()).isEqualTo(Window.WINDOW_BUCKET);
    assertThat(ProtoTimes.duration(span.getBucketLength())).isEqualTo(Duration.ofMillis(1));
    assertThat(span.getStartTime()).isEqualTo(time("2026-01-15T10:30:18.500Z"));
    assertThat(span.getEndTime()).isEqualTo(time("2026-01-15T10:30:20Z"));
  }

  @Test
  void aSeriesByMinutesNeedsBucketsThatDivideThem() {
    GetSeriesRequest.Builder request =
        GetSeriesRequest.newBuilder()
            .setStep(Window.WINDOW_MINUTE)
            .setStartTime(time("2026-01-15T08:30:00Z"));
    BucketWidth quarter = new BucketWidth(900_000);

    assertThat(Selections.period(request.build(), new BucketWidth(10_000), NOW).width())
        .isEqualTo(BucketWidth.MINUTE);
    assertThatThrownBy(() -> Selections.period(request.build(), quarter, NOW))
        .hasMessageContaining(
            "step: minute (expected: bucket, hour, day or month; the metric's buckets are 15m)");
    assertThat(
            Selections.period(request.setStep(Window.WINDOW_BUCKET).build(), quarter, NOW).size())
        .isEqualTo(9);
  }

  @Test
  void intervalsComeBackAsTheyWereSent() {
    for (Interval interval :
        List.of(
            new Interval(WindowLevel.MINUTE, BucketWidth.MILLISECOND, 17, 1_517),
            new Interval(WindowLevel.MINUTE, new BucketWidth(900_000), 0, 1_800_000),
            new Interval(WindowLevel.MINUTE, 0, 120_000),
            Interval.window(WindowLevel.MONTH, 0),
            Interval.window(WindowLevel.ALL, 0))) {
      assertThat(Intervals.fromProto(Intervals.toProto(interval))).isEqualTo(interval);
    }
    for (long bucket : new long[] {0, -1, 7_000, 7_200_000}) {
      assertThatThrownBy(
              () ->
                  Intervals.fromProto(
                      org.tallyring.proto.internal.v1.Interval.newBuilder()
                          .setBucket(Window.WINDOW_BUCKET)
                          .setBucketMillis(bucket)
                          .setEndMillis(25_200_000)
                          .build()))
          .satisfies(
              failure ->
                  assertThat(Errors.reasonOf(failure))
                      .isEqualTo(ErrorReason.ERROR_REASON_BAD_WINDOW));
    }
  }

  @Test
  void whatIsNoSelectionIsRefused() {
    assertBad(WindowSelector.newBuilder(), "window: WINDOW_UNSPECIFIED (expected: hour, day, ");
    assertBad(WindowSelector.newBuilder().setWindowValue(9), "window: UNRECOGNIZED (expected: ");
    assertBad(
        WindowSelector.newBuilder().setWindow(Window.WINDOW_MINUTE), "window: minute (expected: ");
    assertBad(
        last("PT1H").setWindow(Window.WINDOW_DAY),
        "window: WINDOW_DAY (expected: none together with last)");
    assertBad(last("PT0S"), "last: PT0S (expected: 1 ms to 400 days)");
    assertBad(last("PT59S"), "last: PT59S (expected: 1m, the metric's finest bucket, to 400 days)");
    assertBad(last("P401D"), "last: PT9624H (expected: 1 ms to 400 days)");
    assertBad(last("PT1H").setCurrent(false), "window.current: false (expected: true, ");
    assertBad(last("PT1H").setTime(time("2026-01-15T10:35:21Z")), "window.time: ");
    assertBad(
        last("PT1H").setTime(Timestamp.newBuilder().setSeconds(Long.MAX_VALUE)),
        "window.time: 9223372036854775807 ms (expected: in the years 1 to 9999)");
    assertBad(
        last("PT1H").setTime(Timestamp.newBuilder().setNanos(-1)),
        "window.time: 9223372036854775807 ms (expected: in the years 1 to 9999)");
  }

  @Test
  void whatIsNotKeptIsNotFoundAndSaysFromWhenOnItIs() {
    KeptBuckets kept = KeptBuckets.EVERYTHING.butOf(WindowLevel.HOUR, NOW);
    assertThatThrownBy(
            () ->
                Selections.resolve(
                    Selections.of(
                        WindowSelector.newBuilder().setWindow(Window.WINDOW_HOUR).build()),
                    NOW,
                    LATENESS,
                    BucketWidth.MINUTE,
                    kept))
        .satisfies(
            failure -> {
              assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(Status.Code.NOT_FOUND);
              assertThat(Errors.reasonOf(failure))
                  .isEqualTo(ErrorReason.ERROR_REASON_WINDOW_NOT_RETAINED);
              assertThat(Errors.metadataOf(failure))
                  .containsEntry("keptFromMillis", Long.toString(NOW));
            });
  }

  @Test
  void aSeriesEndsNowUnlessSaidOtherwise() {
    GetSeriesRequest.Builder request =
        GetSeriesRequest.newBuilder()
            .setStep(Window.WINDOW_HOUR)
            .setStartTime(time("2026-01-15T08:30:00Z"));
    assertThat(Selections.period(request.build(), BucketWidth.MINUTE, NOW))
        .isEqualTo(
            new Interval(
                WindowLevel.HOUR, millis("2026-01-15T08:00:00Z"), millis("2026-01-15T11:00:00Z")));
    for (GetSeriesRequest bad :
        new GetSeriesRequest[] {
          request.clone().clearStep().build(),
          request.clone().setStep(Window.WINDOW_ALL).build(),
          request.clone().clearStartTime().build(),
          request.clone().setEndTime(request.getStartTime()).build(),
          request.clone().setStartTime(time("0001-01-01T00:00:00Z")).build(),
        }) {
      assertThatThrownBy(() -> Selections.period(bad, BucketWidth.MINUTE, NOW))
          .satisfies(
              failure ->
                  assertThat(Errors.reasonOf(failure))
                      .isEqualTo(ErrorReason.ERROR_REASON_BAD_WINDOW));
    }
  }

  @Test
  void whatRangesKeepComesBackAsTheLatestOfThem() {
    KeptBuckets one =
        KeptBuckets.EVERYTHING.butOf(WindowLevel.MINUTE, 60_000).butOf(WindowLevel.HOUR, 0);
    KeptBuckets other = KeptBuckets.EVERYTHING.butOf(WindowLevel.MINUTE, 120_000);
    List<KeptFrom> both =
        Stream.concat(Intervals.toProto(1, one).stream(), Intervals.toProto(2, other).stream())
            .toList();

    assertThat(Intervals.toProto(3, KeptBuckets.EVERYTHING)).isEmpty();
    assertThat(Intervals.fromProto(both)).isEqualTo(one.and(other));
    assertThat(one.and(other).from(WindowLevel.MINUTE)).isEqualTo(120_000);
  }

  private static void assertBad(WindowSelector.Builder selector, String message) {
    assertThatThrownBy(() -> resolved(selector))
        .hasMessageContaining(message)
        .satisfies(
            failure -> {
              assertThat(Status.fromThrowable(failure).getCode())
                  .isEqualTo(Status.Code.INVALID_ARGUMENT);
              assertThat(Errors.reasonOf(failure)).isEqualTo(ErrorReason.ERROR_REASON_BAD_WINDOW);
            });
  }

  private static Resolved resolved(WindowSelector.Builder selector) {
    return resolved(selector, BucketWidth.MINUTE);
  }

  private static Resolved resolved(WindowSelector.Builder selector, BucketWidth width) {
    return Selections.resolve(
        Selections.of(selector.build()), NOW, LATENESS, width, KeptBuckets.EVERYTHING);
  }

  private static WindowSelector.Builder last(String length) {
    return WindowSelector.newBuilder().setLast(ProtoTimes.duration(Duration.parse(length)));
  }

  private static Timestamp time(String text) {
    return ProtoTimes.timestamp(millis(text));
  }

  private static long millis(String text) {
    return Instant.parse(text).toEpochMilli();
  }
}
