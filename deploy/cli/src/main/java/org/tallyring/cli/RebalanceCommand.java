package org.tallyring.cli;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.tallyring.cli.config.DurationText;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.Decision;
import org.tallyring.proto.v1.RangeMove;
import org.tallyring.proto.v1.RebalanceRequest;
import org.tallyring.proto.v1.RebalanceResponse;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "rebalance",
    description = {
      "Evens out who owns what, with the loads of this moment, and waits until it is done.",
      "The cluster does so by itself; this also moves heavy ranges apart when it gains little."
    },
    footer = {
      "",
      "Examples:",
      "  tally rebalance --dry-run",
      "  tally rebalance",
      "  tally rebalance --history",
      "TSV rows: range, from, to, reason; with --history: time, controller, ranges moved, reason."
    })
final class RebalanceCommand implements Callable<Integer> {

  /** Each round ends with fewer ranges to move; more than this means that something else moves. */
  private static final int MAX_ROUNDS = 1_000;

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private OutputOption output = new OutputOption();

  @ArgGroup private Only only = new Only();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "10m",
      description = "How long to wait. Default: ${DEFAULT-VALUE}.")
  private String timeout = "";

  /** What changes nothing. */
  private static final class Only {
    @Option(names = "--dry-run", description = "Shows what would move and why; changes nothing.")
    private boolean dryRun;

    @Option(names = "--history", description = "Shows the last decisions; changes nothing.")
    private boolean history;
  }

  RebalanceCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    try (ServerConnection connection = server.connection()) {
      RangeMoves moves =
          new RangeMoves(console, connection, DurationText.parse("--timeout", timeout));
      if (only.history) {
        printDecisions(rebalance(connection, true).getDecisionsList());
      } else if (only.dryRun) {
        RebalanceResponse plan = rebalance(connection, true);
        print(plan.getMovesList());
        console.note(
            plan.getMovesCount()
                + " ranges would move"
                + (plan.getRangesMoving() == 0 ? "" : ", " + plan.getRangesMoving() + " move now")
                + (plan.getLoadsKnown() ? "" : "; loads are not known yet"));
      } else {
        print(done(connection, moves));
      }
    }
    return ExitCode.DONE;
  }

  private List<RangeMove> done(ServerConnection connection, RangeMoves moves) {
    List<RangeMove> done = new ArrayList<>();
    for (int round = 0; round < MAX_ROUNDS; round++) {
      moves.await("rebalance", RangeMoves::moving);
      RebalanceResponse begun = rebalance(connection, false);
      done.addAll(begun.getMovesList());
      if (begun.getMovesCount() == 0 && begun.getRangesMoving() == 0) {
        console.note(done.size() + " ranges moved; nothing is left to gain");
        return done;
      }
    }
    throw CliException.failed("rebalance: not done after " + MAX_ROUNDS + " rounds");
  }

  private static RebalanceResponse rebalance(ServerConnection connection, boolean dryRun) {
    return connection.admin(
        stub -> stub.rebalance(RebalanceRequest.newBuilder().setDryRun(dryRun).build()));
  }

  private void print(List<RangeMove> moves) {
    Listing listing = new Listing("moves", "range", "from", "to", "reason");
    for (RangeMove move : moves) {
      listing.add(
          move.getRangeId(),
          move.getFrom(),
          move.getTo(),
          move.getReason().name().replace("MOVE_REASON_", ""));
    }
    listing.print(output.format(), console.out());
  }

  private void printDecisions(List<Decision> decisions) {
    Listing listing = new Listing("decisions", "time", "controller", "moves", "reason");
    for (Decision decision : decisions) {
      listing.add(
          Instant.ofEpochMilli(ProtoTimes.millis(decision.getDecisionTime())).toString(),
          decision.getDecidedBy(),
          decision.getMoves(),
          decision.getReason());
    }
    listing.print(output.format(), console.out());
  }
}
