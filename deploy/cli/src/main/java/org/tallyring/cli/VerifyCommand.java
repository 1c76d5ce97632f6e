package org.tallyring.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.output.TaskProgress;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.VerifyRangesRequest;
import org.tallyring.proto.v1.VerifyRangesResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "verify",
    description = {
      "Replays the journal of every range beside its owner and compares the result, key by key,",
      "with what the owner holds and with the stored snapshots. The cluster goes on meanwhile.",
      "It ends with one line that says how many ranges and keys were verified and how many",
      "mismatches there are, and fails if there are any or a range could not be verified."
    },
    footer = {
      "",
      "Examples:",
      "  tally verify",
      "  tally verify 3 17",
      "  tally verify --output json"
    })
final class VerifyCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private OutputOption output = new OutputOption();

  @Parameters(paramLabel = "RANGE", arity = "0..*", description = "The ranges. Default: all.")
  private List<Integer> rangeIds = new ArrayList<>();

  private int total;
  private final TreeSet<Integer> told = new TreeSet<>();

  VerifyCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    for (int rangeId : rangeIds) {
      if (rangeId < 0) {
        throw CliException.usage("RANGE", rangeId, "0 or more");
      }
    }
    VerificationPrinter printer = new VerificationPrinter(console, output.format());
    try (ServerConnection connection = server.connection();
        TaskProgress progress =
            TaskProgress.of("verify", "ranges", console.terminal().err(), System.err)) {
      connection.follow(
          () -> AdminServiceGrpc.newBlockingStub(connection.channel()).verifyRanges(nextRequest()),
          response -> {
            take(response, printer);
            progress.at(told.size(), total);
          },
          failure -> console.note(failure.getMessage() + "; going on when it is back"));
    }
    return printer.end(total) ? ExitCode.DONE : ExitCode.FAILED;
  }

  private void take(VerifyRangesResponse response, VerificationPrinter printer) {
    // One that goes on asks for fewer.
    total = Math.max(total, response.getRangesTotal());
    if (told.add(response.getRange().getRangeId())) {
      printer.take(response.getRange());
    }
  }

  /** All that is asked for, less what was told before the server went away. */
  private VerifyRangesRequest nextRequest() {
    TreeSet<Integer> left = new TreeSet<>(rangeIds);
    if (rangeIds.isEmpty()) {
      for (int rangeId = 0; rangeId < total; rangeId++) {
        left.add(rangeId);
      }
    }
    left.removeAll(told);
    return VerifyRangesRequest.newBuilder().addAllRangeIds(left).build();
  }
}
