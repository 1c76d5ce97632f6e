package org.tallyring.aggregator.answer;

import io.grpc.Status;
import java.time.Duration;
import org.tallyring.aggregator.merge.Quality;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.window.Selections;
import org.tallyring.topology.window.Resolved;

/** How good answers are. */
final class Labels {

  private static final Duration INCOMPLETE_RETRY_DELAY = Duration.ofMillis(500);

  private Labels() {}

  /** The label of an answer whose counts have a quality. */
  static AnswerLabel of(
      Resolved resolved,
      long asOfMillis,
      long revision,
      Quality quality,
      int rangesTotal,
      int rangesIncluded) {
    AnswerLabel.Builder label =
        Selections.label(resolved)
            .setAsOfTime(ProtoTimes.timestamp(asOfMillis))
            .setRevision(revision)
            .setExact(quality.isExact())
            .setMaxError(quality.maxError())
            .setStandardError(quality.standardError())
            .setRangesTotal(rangesTotal)
            .setRangesIncluded(rangesIncluded);
    quality.sinceMillis().ifPresent(since -> label.setSinceTime(ProtoTimes.timestamp(since)));
    return label.build();
  }

  /**
   * Refuses an answer that lacks ranges, if that is not wanted.
   *
   * @throws io.grpc.StatusRuntimeException UNAVAILABLE
   */
  static void check(AnswerLabel label, boolean requireComplete) {
    if (requireComplete && label.getRangesIncluded() < label.getRangesTotal()) {
      throw incomplete(
          "only "
              + label.getRangesIncluded()
              + " of "
              + label.getRangesTotal()
              + " ranges can be included now");
    }
  }

  /** The error for an answer that would lack something, but not for long. */
  static RuntimeException incomplete(String message) {
    return Errors.retryable(
        Status.Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_INCOMPLETE,
        message,
        INCOMPLETE_RETRY_DELAY);
  }
}
