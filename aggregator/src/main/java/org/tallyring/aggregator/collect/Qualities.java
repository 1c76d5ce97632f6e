package org.tallyring.aggregator.collect;

import java.util.OptionalLong;
import org.tallyring.aggregator.merge.Quality;
import org.tallyring.proto.internal.v1.CountQuality;

/** How good the counts of ranges are, as shards say it. */
final class Qualities {

  private Qualities() {}

  /** A quality as received; one that was not set says that the counts are exact and whole. */
  static Quality of(CountQuality received) {
    return new Quality(
        received.getMaxError(),
        received.getStandardError(),
        received.hasSinceMillis()
            ? OptionalLong.of(received.getSinceMillis())
            : OptionalLong.empty());
  }
}
