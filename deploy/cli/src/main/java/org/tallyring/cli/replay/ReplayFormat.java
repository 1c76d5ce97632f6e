package org.tallyring.cli.replay;

import java.util.Locale;

/** How a file is written. */
public enum ReplayFormat {
  /** Fields separated by commas, enclosed in quotes where they hold a comma or a quote. */
  CSV,
  /** Fields separated by tabs, never enclosed. */
  TSV,
  /** A JSON object a line. */
  JSONL,
  /** An Apache access log. */
  COMBINED,
  /** A session of item ids a line. */
  ITEMS;

  /** The pattern of the time in an access log. */
  public static final String COMBINED_TIME = "dd/MMM/yyyy:HH:mm:ss Z";

  /** As the command line names it. */
  public String optionText() {
    return name().toLowerCase(Locale.ROOT);
  }
}
