package org.tallyring.shardserver.grpc;

import java.util.List;
import java.util.function.Consumer;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.shardserver.engine.CountQuality;

/** How good counts are, on the wire. */
final class Qualities {

  private Qualities() {}

  /** Sets a field that stays unset for counts that are exact and whole. */
  static void say(
      CountQuality quality, Consumer<org.tallyring.proto.internal.v1.CountQuality> field) {
    if (!quality.equals(CountQuality.EXACT)) {
      field.accept(toProto(quality));
    }
  }

  private static org.tallyring.proto.internal.v1.CountQuality toProto(CountQuality quality) {
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
  static void label(
      AnswerLabel.Builder label, List<org.tallyring.proto.internal.v1.CountQuality> ranges) {
    long since = CountQuality.NOTHING_MISSING;
    for (org.tallyring.proto.internal.v1.CountQuality quality : ranges) {
      label
          .setMaxError(Math.max(label.getMaxError(), quality.getMaxError()))
          .setStandardError(Math.max(label.getStandardError(), quality.getStandardError()));
      if (quality.hasSinceMillis()) {
        since = Math.max(since, quality.getSinceMillis());
      }
    }
    label.setExact(label.getMaxError() == 0 && label.getStandardError() == 0);
    if (since != CountQuality.NOTHING_MISSING) {
      label.setSinceTime(ProtoTimes.timestamp(since));
    }
  }
}
