package org.tallyring.cli;

import com.google.protobuf.Timestamp;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.config.DurationText;
import org.tallyring.cli.failure.CliException;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.topology.window.TimeSelection;
import picocli.CommandLine.Option;

/** Which window or span is asked for. */
final class WindowOptions {

  private static final String AT_RULE =
      "current, sealed, or a time in UTC such as 2012-07-04, 2012-07-04T07 or"
          + " 2012-07-04T07:15:00Z";

  private static final Set<String> WINDOWS = Set.of("hour", "day", "month", "all");

  @Option(
      names = "--window",
      paramLabel = "WINDOW",
      description = "hour, day, month or all. Default: all.")
  private @Nullable String window;

  @Option(
      names = "--last",
      paramLabel = "SPAN",
      description =
          "Instead of --window: a sliding span of one of the metric's finest buckets (1m; 1ms for"
              + " sliding_window) to 400 days, for example 1500ms, 90s, 30m, 24h or 7d. The answer"
              + " says which whole buckets it covers.")
  private @Nullable String last;

  @Option(
      names = "--at",
      paramLabel = "WHEN",
      description =
          "current: the window that is open now. sealed: the latest final one (default). Or a time:"
              + " the window that contains it, for example 2012-07-04, 2012-07-04T07 or"
              + " 2012-07-04T07:15:00Z. For a span it is the end: now (default), of the latest final"
              + " bucket, or the time.")
  private @Nullable String at;

  /**
   * The window or span.
   *
   * @throws CliException if there is no such
   */
  WindowSelector selector() {
    WindowSelector.Builder selector = WindowSelector.newBuilder();
    if (last == null) {
      String kind = window == null ? "all" : window;
      if (!WINDOWS.contains(kind)) {
        throw CliException.usage("--window", kind, "hour, day, month or all");
      }
      selector.setWindow(Window.valueOf("WINDOW_" + kind.toUpperCase(Locale.ROOT)));
    } else if (window == null) {
      selector.setLast(ProtoTimes.duration(span(last)));
    } else {
      throw CliException.usage("--last", last, "either --last or --window, not both");
    }
    if (at == null) {
      return selector.build();
    }
    if (at.equals("sealed")) {
      return selector.setSealed(true).build();
    }
    if (at.equals("current")) {
      return selector.setCurrent(true).build();
    }
    try {
      Instant time = TimeText.parse(at);
      return selector
          .setTime(
              Timestamp.newBuilder().setSeconds(time.getEpochSecond()).setNanos(time.getNano()))
          .build();
    } catch (DateTimeException e) {
      throw CliException.usage("--at", at, AT_RULE);
    }
  }

  /**
   * The length of a span.
   *
   * @throws CliException if no span can be so long
   */
  static Duration span(String last) {
    Duration length = DurationText.parse("--last", last);
    if (!TimeSelection.isSpan(length)) {
      throw CliException.usage("--last", last, TimeSelection.SPAN_RULE);
    }
    return length;
  }
}
