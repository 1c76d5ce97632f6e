package org.tallyring.aggregator.answer;

import io.grpc.Status;
import java.util.Map;
import java.util.function.Supplier;
import org.tallyring.aggregator.collect.Windows;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.Moment;
import org.tallyring.topology.window.NotKeptException;
import org.tallyring.topology.window.Resolved;
import org.tallyring.topology.window.TimeSelection;
import org.tallyring.topology.window.WindowLevel;

/**
 * Windows and spans between the API and topology, which decides what they mean. What topology
 * refuses becomes an error of the API.
 */
final class Selections {

  private Selections() {}

  /**
   * What a selector says.
   *
   * @throws io.grpc.StatusRuntimeException BAD_WINDOW
   */
  static TimeSelection of(WindowSelector selector) {
    return translated(
        () -> {
          Window window = selector.getWindow();
          if (!selector.hasLast()) {
            WindowLevel level =
                Windows.level(window)
                    .orElseThrow(
                        () ->
                            new IllegalArgumentException(
                                "window: " + window + " (expected: hour, day, month or all)"));
            return TimeSelection.window(level, moment(selector, Moment.SEALED));
          }
          if (window != Window.WINDOW_UNSPECIFIED) {
            throw new IllegalArgumentException(
                "window: " + window + " (expected: none together with last)");
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

  /**
   * The buckets that a selection means now.
   *
   * @throws io.grpc.StatusRuntimeException BAD_WINDOW or WINDOW_NOT_RETAINED
   */
  static Resolved resolve(
      TimeSelection selection, long nowMillis, long latenessMillis, KeptBuckets kept) {
    return translated(() -> selection.resolve(nowMillis, latenessMillis, kept));
  }

  /** A label with what a resolved selection knows. */
  static AnswerLabel.Builder label(Resolved resolved) {
    Interval interval = resolved.interval();
    AnswerLabel.Builder label =
        AnswerLabel.newBuilder().setFinal(resolved.isFinal()).setExact(true);
    if (resolved.isSpan()) {
      label.setBucket(Windows.window(interval.level()));
    } else {
      label.setWindow(Windows.window(interval.level()));
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
          Status.Code.NOT_FOUND,
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
