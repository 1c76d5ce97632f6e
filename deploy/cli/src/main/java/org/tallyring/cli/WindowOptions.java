package org.tallyring.cli;

import com.google.protobuf.Timestamp;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import picocli.CommandLine.Option;

/** Which window is asked for. */
final class WindowOptions {

  private static final String AT_RULE =
      "current, sealed, or a time in UTC such as 2012-07-04, 2012-07-04T07 or"
          + " 2012-07-04T07:15:00Z";

  private static final Set<String> WINDOWS = Set.of("hour", "day", "month", "all");

  @Option(
      names = "--window",
      paramLabel = "WINDOW",
      defaultValue = "all",
      description = "hour, day, month or all. Default: ${DEFAULT-VALUE}.")
  private String window = "all";

  @Option(
      names = "--at",
      paramLabel = "WHEN",
      description =
          "current: the window that is open now. sealed: the latest final one (default). Or a time:"
              + " the window that contains it, for example 2012-07-04, 2012-07-04T07 or"
              + " 2012-07-04T07:15:00Z.")
  private @Nullable String at;

  /**
   * The window.
   *
   * @throws CliException if there is no such
   */
  WindowSelector selector() {
    if (!WINDOWS.contains(window)) {
      throw CliException.usage("--window", window, "hour, day, month or all");
    }
    WindowSelector.Builder selector =
        WindowSelector.newBuilder()
            .setWindow(Window.valueOf("WINDOW_" + window.toUpperCase(Locale.ROOT)));
    if (at == null || at.equals("sealed")) {
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
}
