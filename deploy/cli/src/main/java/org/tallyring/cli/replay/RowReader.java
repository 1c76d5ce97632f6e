package org.tallyring.cli.replay;

import java.io.IOException;

/**
 * Reads the rows of one file in one format. It takes lines from a {@link LineSource} and hands on
 * text: what a key, a time or a delta may be is not its business. Not thread-safe.
 */
interface RowReader {

  /**
   * Reads what has to stand before the first row, for example the line of column names.
   *
   * @throws org.tallyring.cli.failure.CliException if a column that is needed is not there
   * @throws IOException if the file cannot be read
   */
  default void begin(LineSource lines, RowHandler handler) throws IOException {}

  /**
   * Reads the next line that is not empty and tells {@code handler} about it.
   *
   * @return false at the end of the file
   * @throws IOException if the file cannot be read any further
   */
  boolean readNext(LineSource lines, RowHandler handler) throws IOException;
}
