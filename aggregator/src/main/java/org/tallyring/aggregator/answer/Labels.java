package org.tallyring.aggregator.answer;

import io.grpc.Status;
import java.time.Duration;
import org.tallyring.aggregator.collect.Windows;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/** How good answers are. */
final class Labels {

  /** After how long to try again when ranges are missing. */
  static final Duration INCOMPLETE_RETRY_DELAY = Duration.ofMillis(500);

  private Labels() {}

  /**
   * The label of an exact answer.
   *
   * @param interval what was answered
   * @param isSpan whether that is a span and no window
   * @param isFinal whether its lateness is over
   */
  static AnswerLabel of(
      Interval interval,
      boolean isSpan,
      boolean isFinal,
      long asOfMillis,
      long revision,
      int rangesTotal,
      int rangesIncluded) {
    AnswerLabel.Builder label =
        AnswerLabel.newBuilder()
            .setAsOfTime(WindowChoice.timestamp(asOfMillis))
            .setFinal(isFinal)
            .setRevision(revision)
            .setExact(true)
            .setRangesTotal(rangesTotal)
            .setRangesIncluded(rangesIncluded);
    if (isSpan) {
      label.setBucket(Windows.window(interval.level()));
    } else {
      label.setWindow(Windows.window(interval.level()));
    }
    if (interval.level() != WindowLevel.ALL) {
      label
          .setStartTime(WindowChoice.timestamp(interval.startMillis()))
          .setEndTime(WindowChoice.timestamp(interval.endMillis()));
    }
    return label.build();
  }

  /**
   * Refuses an answer that lacks ranges, if that is not wanted.
   *
   * @throws io.grpc.StatusRuntimeException UNAVAILABLE
   */
  static void check(AnswerLabel label, boolean requireComplete) {
    if (requireComplete && label.getRangesIncluded() < label.getRangesTotal()) {
      throw Errors.retryable(
          Status.Code.UNAVAILABLE,
          ErrorReason.ERROR_REASON_INCOMPLETE,
          "only "
              + label.getRangesIncluded()
              + " of "
              + label.getRangesTotal()
              + " ranges can be included now",
          INCOMPLETE_RETRY_DELAY);
    }
  }
}
