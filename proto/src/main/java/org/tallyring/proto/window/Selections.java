package org.tallyring.proto.window;

import io.grpc.Status.Code;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.Moment;
import org.tallyring.topology.window.NotKeptException;
import org.tallyring.topology.window.Resolved;
import org.tallyring.topology.window.SeriesPeriod;
import org.tallyring.topology.window.TimeSelection;
import org.tallyring.topology.window.WindowLevel;

/**
 * Windows, spans and periods between the API and topology, which decides what they mean. What
 * topology refuses becomes an error of the API.
 */
public final class Selections {

  private Selections() {}

  /**
   * What a selector says.
   *
   * @throws io.grpc.StatusRuntimeException BAD_WINDOW
   */
  public static TimeSelection of(WindowSelector selector) {
    return translated(
        () -> {
          if (!selector.hasLast()) {
            return TimeSelection.window(
                level("window", selector.getWindow(), "hour, day, month or all"),
                moment(selector, Moment.SEALED));
          }
          if (selector.getWindow() != Window.WINDOW_UNSPECIFIED) {
            throw new IllegalArgumentException(
                "window: " + selector.getWindow() + " (expected: none together with last)");
          }
          return TimeSelection.span(
              ProtoTimes.duration(selector.getLast()), moment(selector, Moment.CURRENT));
        });
  }

  private static Moment moment(WindowSelector selector, Moment otherwise) {
    return switch (selector.getAtCase()) {
      case CURRENT -> isTrue("window.current", selector.getCurrent(), Moment.CURRENT);
      case SEALED -> isTrue("window.sealed", selector.getSealed(), Moment.SEALED);
      case TIME -> Moment.at(ProtoTimes.millis(selector.getTime()));
      case AT_NOT_SET -> otherwise;
    };
  }

  private static Moment isTrue(String field, boolean value, Moment moment) {
    if (!value) {
      throw new IllegalArgumentException(field + ": false (expected: true, or another selector)");
    }
    return moment;
  }

  private static WindowLevel level(String field, Window window, String rule) {
    return Windows.level(window)
        .orElseThrow(
            () ->
                new IllegalArgumentException(field + ": " + window + " (expected: " + rule + ")"));
  }

  /**
   * The buckets that a selection means now.
   *
   * @param width how long the finest buckets of the metric are
   * @throws io.grpc.StatusRuntimeException BAD_WINDOW or WINDOW_NOT_RETAINED
   */
  public static Resolved resolve(
      TimeSelection selection,
      long nowMillis,
      long latenessMillis,
      BucketWidth width,
      KeptBuckets kept) {
    return translated(() -> selection.resolve(nowMillis, latenessMillis, width, kept));
  }

  /**
   * The buckets of a series.
   *
   * @param width how long the finest buckets of the metric are
   * @throws io.grpc.StatusRuntimeException BAD_WINDOW
   */
  public static Interval period(GetSeriesRequest request, BucketWidth width, long nowMillis) {
    return translated(
        () -> {
          if (!request.hasStartTime()) {
            throw new IllegalArgumentException("start_time: none (expected: a time)");
          }
          boolean own = request.getStep() == Window.WINDOW_BUCKET;
          WindowLevel step =
              own
                  ? WindowLevel.MINUTE
                  : level("step", request.getStep(), "bucket, minute, hour, day or month");
          if (step == WindowLevel.MINUTE && !own && !width.divides(BucketWidth.MINUTE)) {
            throw new IllegalArgumentException(
                "step: minute (expected: bucket, hour, day or month; the metric's buckets are "
                    + width
                    + ")");
          }
          return SeriesPeriod.of(
              step,
              own ? width : BucketWidth.MINUTE,
              ProtoTimes.millis(request.getStartTime()),
              request.hasEndTime() ? ProtoTimes.millis(request.getEndTime()) : nowMillis);
        });
  }

  /**
   * The part of a series that is kept.
   *
   * @throws io.grpc.StatusRuntimeException WINDOW_NOT_RETAINED, if nothing of it is
   */
  public static Interval kept(Interval period, KeptBuckets kept) {
    return translated(() -> SeriesPeriod.kept(period, kept));
  }

  /** A label with what a resolved selection knows. */
  public static AnswerLabel.Builder label(Resolved resolved) {
    return label(resolved.interval(), resolved.isSpan()).setFinal(resolved.isFinal());
  }

  /** A label with what an interval says: that of a window or a series, or of a span. */
  public static AnswerLabel.Builder label(Interval interval, boolean isSpan) {
    AnswerLabel.Builder label = AnswerLabel.newBuilder().setExact(true);
    Window bucket = Intervals.bucket(interval);
    if (isSpan) {
      label.setBucket(bucket);
    } else {
      label.setWindow(bucket);
    }
    if (bucket == Window.WINDOW_BUCKET) {
      label.setBucketLength(ProtoTimes.duration(Duration.ofMillis(interval.width().millis())));
    }
    if (interval.level() != WindowLevel.ALL) {
      label
          .setStartTime(ProtoTimes.timestamp(interval.startMillis()))
          .setEndTime(ProtoTimes.timestamp(interval.endMillis()));
    }
    return label;
  }

  private static <T> T translated(Supplier<T> decision) {
    try {
      return decision.get();
    } catch (NotKeptException gone) {
      throw Errors.of(
          Code.NOT_FOUND,
          ErrorReason.ERROR_REASON_WINDOW_NOT_RETAINED,
          String.valueOf(gone.getMessage()),
          Map.of("keptFromMillis", Long.toString(gone.keptFromMillis())));
    } catch (IllegalArgumentException refused) {
      String message = String.valueOf(refused.getMessage());
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_WINDOW,
          message.substring(0, Math.max(0, message.indexOf(':'))),
          message);
    }
  }
}
