package org.tallyring.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where the configuration of a role is. */
final class ConfigOption {

  @Option(
      names = "--config",
      paramLabel = "FILE",
      required = true,
      description = "Its configuration; deploy/conf has a file with every key and its default.")
  private Path file = Path.of("");

  Path file() {
    return file;
  }
}
