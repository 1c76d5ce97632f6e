package org.tallyring.cli;

import java.util.concurrent.Callable;
import org.tallyring.cli.config.DurationText;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.output.OutputFormat;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.DrainShardRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "drain",
    description = {
      "Hands all ranges of a shard on to others, and says when it may be stopped.",
      "It gets its share back when it is stopped and started again."
    },
    footer = {
      "",
      "Examples:",
      "  tally drain shard-2",
      "  tally drain shard-2 --no-wait",
      "TSV rows: shard, ranges handed on, ranges left."
    })
final class DrainCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private OutputOption output = new OutputOption();

  @Parameters(paramLabel = "SHARD", description = "Its id, as `tally shards` shows it.")
  private String shard = "";

  @Option(names = "--no-wait", description = "Only says that it is to be emptied.")
  private boolean noWait;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "10m",
      description = "How long to wait. Default: ${DEFAULT-VALUE}.")
  private String timeout = "";

  DrainCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    try (ServerConnection connection = server.connection()) {
      RangeMoves moves =
          new RangeMoves(console, connection, DurationText.parse("--timeout", timeout));
      int left =
          connection
              .admin(
                  stub -> stub.drainShard(DrainShardRequest.newBuilder().setShardId(shard).build()))
              .getRangesLeft();
      if (noWait) {
        print(0, left);
      } else {
        int seen = moves.await("drain " + shard, topology -> RangeMoves.naming(topology, shard));
        print(Math.max(left, seen), 0);
      }
    }
    return ExitCode.DONE;
  }

  private void print(int handedOn, int left) {
    if (output.format() == OutputFormat.TABLE) {
      console
          .out()
          .println(
              left == 0
                  ? shard + " is empty and may be stopped"
                  : shard + " hands on " + left + " ranges");
      console.out().flush();
      return;
    }
    Listing listing = new Listing("drains", "shard", "handed_on", "left");
    listing.add(shard, handedOn, left);
    listing.print(output.format(), console.out());
  }
}
