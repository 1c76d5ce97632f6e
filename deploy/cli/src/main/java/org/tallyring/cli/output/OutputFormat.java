package org.tallyring.cli.output;

/** How an answer is written. */
public enum OutputFormat {
  /** Columns in line, for people. */
  TABLE,
  /** Fields separated by tabs, one row a line, no headings: for scripts. */
  TSV,
  /** One JSON document on one line. */
  JSON
}
