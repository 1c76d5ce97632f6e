package org.tallyring.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.tallyring.cli.config.DurationText;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.standalone.StandaloneSettings;
import org.tallyring.topology.range.RangeTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "standalone",
    description = {
      "Runs a whole cluster in one process, on loopback, until Ctrl-C.",
      "It prints one line with its address when it is ready."
    },
    footer = {
      "",
      "Examples:",
      "  tally standalone",
      "  tally standalone --data /var/lib/tallyring --shards 4",
      "  tally standalone --demo"
    })
final class StandaloneCommand implements Callable<Integer> {

  private static final int MAX_PORT = 65_535 - StandaloneSettings.ZOOKEEPER_PORT_OFFSET;

  private final Roles roles;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "${sys:user.home}/.tallyring/standalone",
      description = "Where everything is kept; made when missing. Default: ${DEFAULT-VALUE}.")
  private Path data = Path.of(System.getProperty("user.home"), ".tallyring", "standalone");

  @Option(
      names = "--shards",
      paramLabel = "N",
      defaultValue = "3",
      description = "How many shards, 1 to 16. Default: ${DEFAULT-VALUE}.")
  private int shards = 3;

  @Option(
      names = "--ranges",
      paramLabel = "N",
      defaultValue = "64",
      description = {
        "Into how many ranges the keys are cut, a power of two, 1 to 4096. Default: ${DEFAULT-VALUE}.",
        "For new data; what exists keeps its own. Few ranges (8) are faster on few cores."
      })
  private int ranges = RangeTable.DEFAULT_RANGE_COUNT;

  @Option(
      names = "--port",
      paramLabel = "P",
      defaultValue = "7070",
      description = {
        "Where the aggregator serves REST and gRPC. Default: ${DEFAULT-VALUE}.",
        "Shard i listens on P+i, ZooKeeper on P+20."
      })
  private int port = 7070;

  @Option(
      names = "--journal-retention",
      paramLabel = "TIME",
      defaultValue = "0s",
      description = {
        "For how long at least journals are kept after snapshots have made them unnecessary, for",
        "example 7d. Default: ${DEFAULT-VALUE}."
      })
  private String journalRetention = "0s";

  @Option(names = "--demo", description = "Make up the traffic of a small shop.")
  private boolean demo;

  StandaloneCommand(Roles roles) {
    this.roles = roles;
  }

  @Override
  public Integer call() {
    if (port < 1 || port > MAX_PORT) {
      throw CliException.usage("--port", port, "1-" + MAX_PORT);
    }
    roles.standalone(
        new StandaloneOptions(
            data,
            ClusterSize.shards(shards),
            ClusterSize.ranges(ranges),
            port,
            DurationText.parse("--journal-retention", journalRetention),
            demo));
    return ExitCode.DONE;
  }
}
