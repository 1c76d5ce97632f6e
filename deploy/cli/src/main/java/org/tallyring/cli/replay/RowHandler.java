package org.tallyring.cli.replay;

import org.jspecify.annotations.Nullable;

/** Learns from a {@link RowReader} what a file holds, in the order of its lines. */
interface RowHandler {

  /**
   * One thing that happened, as text. A field is null when the file has no such column.
   *
   * @param line the number of the line that it begins in, from 1
   */
  void row(
      long line,
      String key,
      @Nullable String time,
      @Nullable String metric,
      @Nullable String delta,
      @Nullable String eventId,
      @Nullable String user);

  /**
   * A line that is not a row.
   *
   * @param reason what is wrong with it
   */
  void rejected(long line, String reason);
}
