package org.tallyring.shardserver.grpc;

import com.google.protobuf.Timestamp;
import java.util.List;
import org.tallyring.proto.internal.v1.RangeRevision;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.shardserver.engine.CountQuality;

/** How good counts are, on the wire. */
final class Qualities {

  private Qualities() {}

  static org.tallyring.proto.internal.v1.CountQuality toProto(CountQuality quality) {
    org.tallyring.proto.internal.v1.CountQuality.Builder message =
        org.tallyring.proto.internal.v1.CountQuality.newBuilder()
            .setMaxError(quality.maxError())
            .setStandardError(quality.standardError());
    if (quality.sinceMillis() != CountQuality.NOTHING_MISSING) {
      message.setSinceMillis(quality.sinceMillis());
    }
    return message.build();
  }

  /** Says in a label how good counts are that come from several ranges, each from one of them. */
  static void label(AnswerLabel.Builder label, List<RangeRevision> ranges) {
    long since = CountQuality.NOTHING_MISSING;
    for (RangeRevision range : ranges) {
      org.tallyring.proto.internal.v1.CountQuality quality = range.getQuality();
      label
          .setMaxError(Math.max(label.getMaxError(), quality.getMaxError()))
          .setStandardError(Math.max(label.getStandardError(), quality.getStandardError()));
      if (quality.hasSinceMillis()) {
        since = Math.max(since, quality.getSinceMillis());
      }
    }
    label.setExact(label.getMaxError() == 0 && label.getStandardError() == 0);
    if (since != CountQuality.NOTHING_MISSING) {
      label.setSinceTime(
          Timestamp.newBuilder()
              .setSeconds(Math.floorDiv(since, 1000))
              .setNanos(Math.floorMod(since, 1000) * 1_000_000));
    }
  }
}
