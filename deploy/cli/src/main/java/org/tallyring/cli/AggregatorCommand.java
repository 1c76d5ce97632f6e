package org.tallyring.cli;

import java.util.concurrent.Callable;
import org.tallyring.cli.config.AggregatorRoleConfig;
import org.tallyring.cli.failure.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "aggregator",
    description = "Runs an aggregator, which ranks and answers, until Ctrl-C.",
    footer = {"", "Examples:", "  tally aggregator --config deploy/conf/aggregator.conf"})
final class AggregatorCommand implements Callable<Integer> {

  private final Roles roles;

  @Mixin private ConfigOption config = new ConfigOption();

  AggregatorCommand(Roles roles) {
    this.roles = roles;
  }

  @Override
  public Integer call() {
    roles.aggregator(AggregatorRoleConfig.read(config.file()));
    return ExitCode.DONE;
  }
}
