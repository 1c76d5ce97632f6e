package org.tallyring.cli;

/** How the results of a load are written. */
enum BenchFormat {
  /** Lines for people. */
  TEXT,
  /** One JSON object on one line. */
  JSON
}
