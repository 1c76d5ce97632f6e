package org.tallyring.cli;

import java.util.concurrent.Callable;
import org.tallyring.cli.config.BookieConfig;
import org.tallyring.cli.failure.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "bookie",
    description = "Runs a bookie, which stores the journals, until Ctrl-C.",
    footer = {"", "Examples:", "  tally bookie --config deploy/conf/bookie.conf"})
final class BookieCommand implements Callable<Integer> {

  private final Roles roles;

  @Mixin private ConfigOption config = new ConfigOption();

  BookieCommand(Roles roles) {
    this.roles = roles;
  }

  @Override
  public Integer call() {
    roles.bookie(BookieConfig.read(config.file()));
    return ExitCode.DONE;
  }
}
