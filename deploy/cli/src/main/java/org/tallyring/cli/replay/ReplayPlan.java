package org.tallyring.cli.replay;

import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;

/**
 * How the files of a replay are to be read.
 *
 * @param format how they are written
 * @param columns which columns matter; null for formats that have none to choose
 * @param delimiter what separates fields, in {@link ReplayFormat#CSV} and {@link ReplayFormat#TSV}
 * @param header whether their first line has the names of the columns
 * @param timeFormat how times are written
 * @param metric the metric of rows that do not say
 */
public record ReplayPlan(
    ReplayFormat format,
    @Nullable Columns columns,
    char delimiter,
    boolean header,
    @Nullable String timeFormat,
    String metric) {

  /** Checks what can be checked before a file is opened. */
  public ReplayPlan {
    if (timeFormat != null) {
      TimeFormat.of(timeFormat);
    }
  }

  /** Whether all rows are of the same metric. */
  boolean hasOneMetric() {
    return format == ReplayFormat.ITEMS || (columns != null && columns.metric() == null);
  }

  /** A reader for one file. */
  RowReader newReader() {
    return switch (format) {
      case CSV -> new DelimitedReader(requireColumns(), delimiter, true, header);
      case TSV -> new DelimitedReader(requireColumns(), delimiter, false, header);
      case JSONL -> new JsonLinesReader(requireColumns());
      case COMBINED -> new CombinedLogReader();
      case ITEMS -> new ItemsReader();
    };
  }

  private Columns requireColumns() {
    if (columns == null) {
      throw CliException.usage("--key: missing (expected: the column that is counted)");
    }
    return columns;
  }

  @Nullable TimeFormat newTimeFormat() {
    return timeFormat == null ? null : TimeFormat.of(timeFormat);
  }
}
