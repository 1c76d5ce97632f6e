package org.tallyring.proto.window;

import java.util.ArrayList;
import java.util.List;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.KeptFrom;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Window;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

/** Intervals, and what ranges keep, on the wire between shards and aggregators. */
public final class Intervals {

  private Intervals() {}

  /** An interval as a message. */
  public static org.tallyring.proto.internal.v1.Interval toProto(Interval interval) {
    org.tallyring.proto.internal.v1.Interval.Builder message =
        org.tallyring.proto.internal.v1.Interval.newBuilder()
            .setBucket(bucket(interval))
            .setStartMillis(interval.startMillis())
            .setEndMillis(interval.level() == WindowLevel.ALL ? 0 : interval.endMillis());
    if (message.getBucket() == Window.WINDOW_BUCKET) {
      message.setBucketMillis(interval.width().millis());
    }
    return message.build();
  }

  /**
   * The interval of a message.
   *
   * @throws io.grpc.StatusRuntimeException BAD_WINDOW, if it is none
   */
  public static Interval fromProto(org.tallyring.proto.internal.v1.Interval message) {
    try {
      if (message.getBucket() == Window.WINDOW_BUCKET) {
        return new Interval(
            WindowLevel.MINUTE,
            new BucketWidth(message.getBucketMillis()),
            message.getStartMillis(),
            message.getEndMillis());
      }
      WindowLevel level =
          Windows.level(message.getBucket())
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "interval.bucket: " + message.getBucket() + " (expected: a kind)"));
      return new Interval(
          level,
          message.getStartMillis(),
          level == WindowLevel.ALL ? Long.MAX_VALUE : message.getEndMillis());
    } catch (IllegalArgumentException notWhole) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_WINDOW, "interval", String.valueOf(notWhole.getMessage()));
    }
  }

  /** What an interval is put together of, as the API numbers it. */
  static Window bucket(Interval interval) {
    return interval.width().equals(BucketWidth.MINUTE)
        ? Windows.window(interval.level())
        : Window.WINDOW_BUCKET;
  }

  /** An entry for each level of which a range keeps only a part. */
  public static List<KeptFrom> toProto(int rangeId, KeptBuckets kept) {
    List<KeptFrom> entries = new ArrayList<>();
    for (WindowLevel level : WindowLevel.values()) {
      if (kept.from(level) > Long.MIN_VALUE) {
        entries.add(
            KeptFrom.newBuilder()
                .setRangeId(rangeId)
                .setBucket(Windows.window(level))
                .setKeptFromMillis(kept.from(level))
                .build());
      }
    }
    return entries;
  }

  /** What all the ranges of some entries keep. */
  public static KeptBuckets fromProto(List<KeptFrom> entries) {
    KeptBuckets kept = KeptBuckets.EVERYTHING;
    for (KeptFrom entry : entries) {
      kept = kept.butOf(Windows.level(entry.getBucket()).orElseThrow(), entry.getKeptFromMillis());
    }
    return kept;
  }
}
