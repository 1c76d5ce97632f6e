package org.tallyring.cli;

import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.replay.ColumnRef;
import org.tallyring.cli.replay.Columns;
import org.tallyring.cli.replay.ReplayFormat;
import org.tallyring.cli.replay.ReplayPlan;
import picocli.CommandLine.Option;

/** How the files of a replay are written. */
final class ReplayOptions {

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "csv",
      description = {
        "csv: fields with commas between them, quoted where needed.",
        "tsv: fields with tabs between them.",
        "jsonl: a JSON object a line; COL is a field's name, or a path like a.b.",
        "combined: an Apache access log; key: the request target, metric: the method.",
        "items: a session of item ids a line, with spaces or -1 between them.",
        "Default: ${DEFAULT-VALUE}."
      })
  private ReplayFormat format = ReplayFormat.CSV;

  @Option(
      names = "--delimiter",
      paramLabel = "C",
      description = "One character between fields, in csv and tsv; \\t is a tab.")
  private @Nullable String delimiter;

  @Option(
      names = "--no-header",
      description = "The first line of a csv or tsv file is a row, not the names of the columns.")
  private boolean noHeader;

  @Option(names = "--key", paramLabel = "COL", description = "What is counted.")
  private @Nullable String key;

  @Option(
      names = "--time",
      paramLabel = "COL",
      description = "When it happened. Without it: when it is recorded.")
  private @Nullable String time;

  @Option(
      names = "--time-format",
      paramLabel = "FORMAT",
      description = {
        "epoch_s, epoch_ms, iso (with offset, else UTC), or a pattern of java.time, for example"
            + " 'yyyy-MM-dd HH:mm:ss'. Default: iso.",
        "What a pattern lacks is the earliest: 1970, January, the 1st, midnight, UTC."
      })
  private @Nullable String timeFormat;

  @Option(
      names = "--metric-column",
      paramLabel = "COL",
      description = {
        "Which metric to add to, a row at a time.",
        "Names become lower case, with _ for other characters than a-z 0-9 _ -."
      })
  private @Nullable String metricColumn;

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      description = "The metric of all rows. Default: clicks.")
  private @Nullable String metric;

  @Option(names = "--delta", paramLabel = "COL", description = "How much to add. Without it: 1.")
  private @Nullable String delta;

  @Option(
      names = "--user",
      paramLabel = "COL",
      description = "Who did it; a metric that counts distinct users needs it.")
  private @Nullable String user;

  @Option(
      names = "--event-id",
      paramLabel = "COL",
      description = {
        "Which event a row is: within the namespace's horizon it counts once, whoever records it.",
        "A UUID, 0x and hexadecimal digits, or a text of at most 16 bytes."
      })
  private @Nullable String eventId;

  /**
   * How to read.
   *
   * @throws CliException if the options do not go together
   */
  ReplayPlan plan() {
    if (metric != null && metricColumn != null) {
      throw CliException.usage("--metric and --metric-column: both (expected: one of them)");
    }
    if (timeFormat != null && time == null && hasColumns()) {
      throw CliException.usage("--time-format: without --time (expected: both)");
    }
    boolean separated = format == ReplayFormat.CSV || format == ReplayFormat.TSV;
    if (!separated) {
      refuse("--delimiter", delimiter != null);
      refuse("--no-header", noHeader);
    }
    return new ReplayPlan(
        format,
        hasColumns() ? columns() : noColumns(),
        delimiter(),
        !noHeader,
        timeFormat(),
        metric == null ? "clicks" : metric);
  }

  private boolean hasColumns() {
    return format != ReplayFormat.COMBINED && format != ReplayFormat.ITEMS;
  }

  private Columns columns() {
    ColumnRef keyColumn = column("--key", key);
    if (keyColumn == null) {
      throw CliException.usage("--key: missing (expected: the column that is counted)");
    }
    return new Columns(
        keyColumn,
        column("--time", time),
        column("--metric-column", metricColumn),
        column("--delta", delta),
        column("--event-id", eventId),
        column("--user", user));
  }

  private @Nullable Columns noColumns() {
    refuse("--key", key != null);
    refuse("--time", time != null);
    refuse("--time-format", timeFormat != null);
    refuse("--metric-column", metricColumn != null);
    refuse("--delta", delta != null);
    refuse("--event-id", eventId != null);
    refuse("--user", user != null);
    return null;
  }

  private void refuse(String option, boolean given) {
    if (given) {
      throw CliException.usage(
          option + ": given (expected: not with --format " + format.optionText() + ")");
    }
  }

  private static @Nullable ColumnRef column(String option, @Nullable String text) {
    if (text == null) {
      return null;
    }
    if (text.isEmpty()) {
      throw CliException.usage(option, "empty", "a column's name, or its number from 1");
    }
    return new ColumnRef(option, text);
  }

  private @Nullable String timeFormat() {
    if (format == ReplayFormat.COMBINED) {
      return ReplayFormat.COMBINED_TIME;
    }
    return time == null ? null : timeFormat == null ? "iso" : timeFormat;
  }

  private char delimiter() {
    if (delimiter == null) {
      return format == ReplayFormat.TSV ? '\t' : ',';
    }
    if (delimiter.equals("\\t")) {
      return '\t';
    }
    boolean usable =
        delimiter.length() == 1 && "\"\r\n".indexOf(delimiter) < 0 && !delimiter.equals("\uFEFF");
    if (!usable) {
      throw CliException.usage("--delimiter", delimiter, "one character, other than a quote");
    }
    return delimiter.charAt(0);
  }
}
