package org.tallyring.client;

import com.google.protobuf.Timestamp;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.window.Windows;
import org.tallyring.topology.window.WindowLevel;

/**
 * How good an answer is.
 *
 * @param level the kind of window answered; for a span the kind of bucket it was put together of,
 *     for a series its step. {@link WindowLevel#MINUTE} for the metric's finest buckets
 * @param bucketLength how long the metric's finest buckets are where the answer is put together of
 *     them and they are no minutes; else null
 * @param isSpan whether it is a sliding span, not a window or a series
 * @param start its start, inclusive; null for all time
 * @param end its end, exclusive; null for all time
 * @param asOf everything acknowledged before this moment is in the answer, for the ranges included
 * @param isFinal whether the window has ended and its lateness is over
 * @param revision how many batches corrected the window after that
 * @param exact whether the counts are exact
 * @param maxError the largest possible difference to the true counts; 0 when exact
 * @param standardError the relative standard error of large counts; 0 unless the metric counts
 *     approximately
 * @param since counts of earlier event times are missing, after a change of the metric's strategy;
 *     null when none are
 * @param rangesTotal how many ranges the answer should rest on
 * @param rangesIncluded how many it does rest on
 */
public record Label(
    WindowLevel level,
    @Nullable Duration bucketLength,
    boolean isSpan,
    @Nullable Instant start,
    @Nullable Instant end,
    Instant asOf,
    boolean isFinal,
    long revision,
    boolean exact,
    long maxError,
    double standardError,
    @Nullable Instant since,
    int rangesTotal,
    int rangesIncluded) {

  /** Whether no range is missing. */
  public boolean isComplete() {
    return rangesIncluded == rangesTotal;
  }

  static Label of(AnswerLabel label) {
    boolean isSpan = label.getBucket() != Window.WINDOW_UNSPECIFIED;
    Window answered = isSpan ? label.getBucket() : label.getWindow();
    boolean isOwnBucket = answered == Window.WINDOW_BUCKET;
    return new Label(
        isOwnBucket ? WindowLevel.MINUTE : Windows.level(answered).orElse(WindowLevel.ALL),
        isOwnBucket ? ProtoTimes.duration(label.getBucketLength()) : null,
        isSpan,
        label.hasStartTime() ? instant(label.getStartTime()) : null,
        label.hasEndTime() ? instant(label.getEndTime()) : null,
        instant(label.getAsOfTime()),
        label.getFinal(),
        label.getRevision(),
        label.getExact(),
        label.getMaxError(),
        label.getStandardError(),
        label.hasSinceTime() ? instant(label.getSinceTime()) : null,
        label.getRangesTotal(),
        label.getRangesIncluded());
  }

  private static Instant instant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }
}
