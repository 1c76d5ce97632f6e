package org.tallyring.aggregator.collect;

import java.util.List;
import java.util.Optional;
import org.tallyring.proto.internal.v1.KeptFrom;
import org.tallyring.proto.v1.Window;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

/** The kinds of bucket as the API numbers them. */
public final class Windows {

  private Windows() {}

  /** The kind that the API means; empty for one that does not exist. */
  public static Optional<WindowLevel> level(Window window) {
    return switch (window) {
      case WINDOW_MINUTE -> Optional.of(WindowLevel.MINUTE);
      case WINDOW_HOUR -> Optional.of(WindowLevel.HOUR);
      case WINDOW_DAY -> Optional.of(WindowLevel.DAY);
      case WINDOW_MONTH -> Optional.of(WindowLevel.MONTH);
      case WINDOW_ALL -> Optional.of(WindowLevel.ALL);
      case WINDOW_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
    };
  }

  /** How the API numbers a kind. */
  public static Window window(WindowLevel level) {
    return switch (level) {
      case MINUTE -> Window.WINDOW_MINUTE;
      case HOUR -> Window.WINDOW_HOUR;
      case DAY -> Window.WINDOW_DAY;
      case MONTH -> Window.WINDOW_MONTH;
      case ALL -> Window.WINDOW_ALL;
    };
  }

  /**
   * An interval as it was sent.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Interval interval(org.tallyring.proto.internal.v1.Interval message) {
    WindowLevel level =
        level(message.getBucket())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "bucket: " + message.getBucket() + " (expected: a kind of bucket)"));
    return level == WindowLevel.ALL
        ? Interval.window(level, 0)
        : new Interval(level, message.getStartMillis(), message.getEndMillis());
  }

  /** An interval as shards are asked for it. */
  public static org.tallyring.proto.internal.v1.Interval interval(Interval interval) {
    return org.tallyring.proto.internal.v1.Interval.newBuilder()
        .setBucket(window(interval.level()))
        .setStartMillis(interval.startMillis())
        .setEndMillis(interval.level() == WindowLevel.ALL ? 0 : interval.endMillis())
        .build();
  }

  /** What all the ranges of some entries keep. */
  static KeptBuckets kept(List<KeptFrom> entries) {
    KeptBuckets kept = KeptBuckets.EVERYTHING;
    for (KeptFrom entry : entries) {
      kept = kept.butOf(level(entry.getBucket()).orElseThrow(), entry.getKeptFromMillis());
    }
    return kept;
  }
}
