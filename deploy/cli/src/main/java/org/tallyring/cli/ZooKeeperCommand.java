package org.tallyring.cli;

import java.util.concurrent.Callable;
import org.tallyring.cli.config.ZooKeeperConfig;
import org.tallyring.cli.failure.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "zookeeper",
    description = "Runs a ZooKeeper server, which keeps who owns what, until Ctrl-C.",
    footer = {"", "Examples:", "  tally zookeeper --config deploy/conf/zookeeper.conf"})
final class ZooKeeperCommand implements Callable<Integer> {

  private final Roles roles;

  @Mixin private ConfigOption config = new ConfigOption();

  ZooKeeperCommand(Roles roles) {
    this.roles = roles;
  }

  @Override
  public Integer call() {
    roles.zooKeeper(ZooKeeperConfig.read(config.file()));
    return ExitCode.DONE;
  }
}
