package org.tallyring.cli;

import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.JournalPosition;
import org.tallyring.proto.v1.LogEntry;
import org.tallyring.proto.v1.ReadLogRequest;
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

  @Parameters(paramLabel = "RANGE", description = "The range's number; see `tally ranges`.")
  private int rangeId;

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

  @Option(names = "--rows", description = "A line for each increment instead of each batch.")
  private boolean rows;

  LogCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    if (rangeId < 0) {
      throw CliException.usage("RANGE", rangeId, "0 or more");
    }
    if (limit != null && limit < 1) {
      throw CliException.usage("--limit", limit, "1 or more");
    }
    ReadLogRequest.Builder next =
        ReadLogRequest.newBuilder()
            .setRangeId(rangeId)
            .setLimit(limit == null ? 0 : limit)
            .setNamespace(namespace == null ? "" : Names.checked("--namespace", namespace));
    if (from != null) {
      next.setFrom(place(from));
    }
    LogPrinter printer = new LogPrinter(console, output.format(), rows);
    try (ServerConnection connection = server.connection()) {
      connection.follow(
          () -> AdminServiceGrpc.newBlockingStub(connection.channel()).readLog(next.build()),
          response -> {
            printer.print(response.getEntry());
            goOnAfter(next, response.getEntry());
          },
          failure -> console.note(failure.getMessage() + "; going on when it is back"));
    }
    console.out().flush();
    return ExitCode.DONE;
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
