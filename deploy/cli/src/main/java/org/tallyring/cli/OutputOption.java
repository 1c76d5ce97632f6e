package org.tallyring.cli;

import org.tallyring.cli.output.OutputFormat;
import picocli.CommandLine.Option;

/** How to write the answer. */
final class OutputOption {

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "table",
      description = "table, tsv (tabs, no headings) or json. Default: ${DEFAULT-VALUE}.")
  private OutputFormat format = OutputFormat.TABLE;

  OutputFormat format() {
    return format;
  }
}
