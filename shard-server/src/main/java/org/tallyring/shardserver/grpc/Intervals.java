package org.tallyring.shardserver.grpc;

import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/** Intervals on the wire between shards and aggregators. */
final class Intervals {

  private Intervals() {}

  static org.tallyring.proto.internal.v1.Interval toProto(Interval interval) {
    return org.tallyring.proto.internal.v1.Interval.newBuilder()
        .setBucket(Windows.window(interval.level()))
        .setStartMillis(interval.startMillis())
        .setEndMillis(interval.level() == WindowLevel.ALL ? 0 : interval.endMillis())
        .build();
  }

  /**
   * Reads an interval.
   *
   * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT, if it is none
   */
  static Interval fromProto(org.tallyring.proto.internal.v1.Interval message) {
    try {
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
}
