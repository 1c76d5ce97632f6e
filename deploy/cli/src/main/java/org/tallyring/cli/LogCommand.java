package org.tallyring.cli;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.GetTopologyRequest;
import org.tallyring.proto.v1.JournalPosition;
import org.tallyring.proto.v1.LogEntry;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.ReadLogRequest;
import org.tallyring.proto.v1.ReadLogResponse;
import org.tallyring.proto.v1.TopologyServiceGrpc;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "log",
    description = {
      "Prints the journal of a range, as far as it is kept: which owner wrote what, and when it",
      "was accepted. A line is a batch, a segment that an owner began, or a namespace that was",
      "defined or deleted."
    },
    footer = {
      "",
      "Examples:",
      "  tally log 17",
      "  tally log 17 --namespace shop --rows --output tsv",
      "  tally log 17 --from 4:120 --limit 10"
    })
final class LogCommand implements Callable<Integer> {

  private static final Pattern PLACE = Pattern.compile("(\\d{1,18}):(\\d{1,18})");

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private OutputOption output = new OutputOption();

  @Parameters(
      paramLabel = "RANGE",
      arity = "0..*",
      description = "The ranges, one after the other; see `tally ranges`.")
  private List<Integer> rangeIds = new ArrayList<>();

  @Option(names = "--all", description = "All ranges.")
  private boolean all;

  @Option(
      names = "--from",
      paramLabel = "SEGMENT:ENTRY",
      description = "The first entry, by its place. Default: the first that is kept.")
  private @Nullable String from;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "How many entries at most. Default: all there are now.")
  private @Nullable Long limit;

  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      description = "Only what concerns this namespace. Default: everything.")
  private @Nullable String namespace;

  @Option(
      names = "--counted",
      description = {
        "Only increments that counted, a line each: without those whose event ids had counted",
        "already. Needs the journal from its first entry on, see `journal.retention`."
      })
  private boolean counted;

  @Option(names = "--rows", description = "A line for each increment instead of each batch.")
  private boolean rows;

  LogCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    if (all != rangeIds.isEmpty()) {
      throw CliException.usage("RANGE", rangeIds, "the number of a range, or --all");
    }
    for (int rangeId : rangeIds) {
      if (rangeId < 0) {
        throw CliException.usage("RANGE", rangeId, "0 or more");
      }
    }
    if (from != null && rangeIds.size() != 1) {
      throw CliException.usage("--from", from, "one range only");
    }
    if (limit != null && limit < 1) {
      throw CliException.usage("--limit", limit, "1 or more");
    }
    ReadLogRequest.Builder request =
        ReadLogRequest.newBuilder()
            .setLimit(limit == null ? 0 : limit)
            .setNamespace(namespace == null ? "" : Names.checked("--namespace", namespace))
            .setCounted(counted);
    if (from != null) {
      request.setFrom(place(from));
    }
    LogPrinter printer =
        new LogPrinter(
            console,
            output.format(),
            counted
                ? LogPrinter.Detail.COUNTED
                : rows ? LogPrinter.Detail.ROWS : LogPrinter.Detail.BATCHES);
    try (ServerConnection connection = server.connection()) {
      for (int rangeId : all ? allRanges(connection) : rangeIds) {
        print(connection, request.build().toBuilder().setRangeId(rangeId), printer);
      }
    }
    console.out().flush();
    return ExitCode.DONE;
  }

  private static List<Integer> allRanges(ServerConnection connection) {
    return connection
        .call(
            TopologyServiceGrpc.newBlockingStub(connection.channel()),
            stub -> stub.getTopology(GetTopologyRequest.getDefaultInstance()))
        .getTopology()
        .getRangesList()
        .stream()
        .map(RangeOwnership::getRangeId)
        .toList();
  }

  private void print(ServerConnection connection, ReadLogRequest.Builder next, LogPrinter printer) {
    boolean[] done = new boolean[1];
    long most = next.getLimit();
    long[] printed = new long[1];
    connection.follow(
        () ->
            done[0]
                ? Collections.<ReadLogResponse>emptyIterator()
                : AdminServiceGrpc.newBlockingStub(connection.channel()).readLog(next.build()),
        response -> {
          printer.print(response.getEntry());
          goOnAfter(next, response.getEntry());
          done[0] = ++printed[0] == most;
        },
        failure -> console.note(failure.getMessage() + "; going on when it is back"));
  }

  /** What the next call asks for, should the server go away. */
  private static void goOnAfter(ReadLogRequest.Builder next, LogEntry entry) {
    JournalPosition place = entry.getPosition();
    next.setFrom(place.toBuilder().setEntry(place.getEntry() + 1));
    if (next.getLimit() > 1) {
      next.setLimit(next.getLimit() - 1);
    }
  }

  private static JournalPosition place(String text) {
    Matcher place = PLACE.matcher(text);
    if (!place.matches()) {
      throw CliException.usage("--from", text, "SEGMENT:ENTRY, for example 4:120");
    }
    return JournalPosition.newBuilder()
        .setSegment(Long.parseLong(place.group(1)))
        .setEntry(Long.parseLong(place.group(2)))
        .build();
  }
}
