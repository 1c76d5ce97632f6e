package org.tallyring.topology.window;

import java.time.Instant;
import java.util.Locale;

/** The buckets that a question is about are not kept any more. */
public final class NotKeptException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final long keptFromMillis;

  NotKeptException(String what, WindowLevel level, long keptFromMillis) {
    super(
        what
            + " (expected: from "
            + Instant.ofEpochMilli(keptFromMillis)
            + " on; earlier "
            + (level == WindowLevel.MINUTE ? "bucket" : level.name().toLowerCase(Locale.ROOT))
            + "s are not kept any more)");
    this.keptFromMillis = keptFromMillis;
  }

  /** The start of the oldest bucket that is kept. */
  public long keptFromMillis() {
    return keptFromMillis;
  }
}
