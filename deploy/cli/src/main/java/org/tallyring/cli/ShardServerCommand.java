package org.tallyring.cli;

import java.util.concurrent.Callable;
import org.tallyring.cli.config.ShardConfig;
import org.tallyring.cli.failure.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "shard-server",
    description = "Runs a shard, which counts, until Ctrl-C.",
    footer = {"", "Examples:", "  tally shard-server --config deploy/conf/shard-server.conf"})
final class ShardServerCommand implements Callable<Integer> {

  private final Roles roles;

  @Mixin private ConfigOption config = new ConfigOption();

  ShardServerCommand(Roles roles) {
    this.roles = roles;
  }

  @Override
  public Integer call() {
    roles.shardServer(ShardConfig.read(config.file()));
    return ExitCode.DONE;
  }
}
