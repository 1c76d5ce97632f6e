package org.tallyring.cli;

import picocli.CommandLine.Option;

/** Which namespace is meant. */
final class NamespaceOption {

  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      defaultValue = "default",
      description = "The namespace. Default: ${DEFAULT-VALUE}.")
  private String namespace = "";

  /**
   * Its name.
   *
   * @throws org.tallyring.cli.failure.CliException if that breaks the rule for names
   */
  String name() {
    return Names.checked("--namespace", namespace);
  }
}
