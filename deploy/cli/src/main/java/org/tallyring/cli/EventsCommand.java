package org.tallyring.cli;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.WatchEventsRequest;
import org.tallyring.proto.v1.WatchEventsResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "events",
    description = {
      "Shows what happens, until Ctrl-C: windows sealed and corrected, thresholds exceeded,",
      "definitions changed, metrics pruned or swapped, and a sample of the increments.",
      "At the end it tells on stderr where to go on with --resume."
    },
    footer = {
      "",
      "Examples:",
      "  tally events",
      "  tally events --kinds threshold_exceeded,window_corrected --namespace shop",
      "  tally events --sample 0.01 --output json"
    })
final class EventsCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private OutputOption output = new OutputOption();

  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      description = "Only events of this namespace. Default: all.")
  private @Nullable String namespace;

  @Option(
      names = "--kinds",
      paramLabel = "A,B",
      split = ",",
      description =
          "Only these kinds: hit_recorded, pruned, strategy_swapped, strategy_reset, window_sealed,"
              + " window_corrected, threshold_exceeded, metrics_updated, snapshot_restored. Default: all.")
  private List<String> kinds = new ArrayList<>();

  @Option(
      names = "--resume",
      paramLabel = "TOKEN",
      defaultValue = "",
      description = "Go on where an earlier run ended. Default: from now on.")
  private String resume = "";

  @Option(
      names = "--sample",
      paramLabel = "RATE",
      defaultValue = "0",
      description = "The share of the increments to show, 0 to 1. Default: ${DEFAULT-VALUE}.")
  private double sample;

  private volatile String token = "";
  private boolean told;

  EventsCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    WatchEventsRequest.Builder request =
        WatchEventsRequest.newBuilder()
            .setNamespace(namespace == null ? "" : Names.checked("--namespace", namespace))
            .addAllKinds(checkedKinds())
            .setHitSampleRate(sample);
    token = resume;
    Thread onStop = new Thread(this::tellToken, "tell-token");
    Runtime.getRuntime().addShutdownHook(onStop);
    EventPrinter printer = new EventPrinter(console, output.format());
    try (ServerConnection connection = server.connection()) {
      connection.follow(
          () ->
              AdminServiceGrpc.newBlockingStub(connection.channel())
                  .watchEvents(request.setResumeToken(token).build()),
          response -> show(printer, response),
          failure -> console.note(failure.getMessage() + "; going on when it is back"));
    } finally {
      tellToken();
    }
    return ExitCode.DONE;
  }

  private void show(EventPrinter printer, WatchEventsResponse response) {
    response.getGapsList().forEach(printer::print);
    response.getEventsList().forEach(printer::print);
    if (!response.getResumeToken().isEmpty()) {
      token = response.getResumeToken();
    }
  }

  private Set<EventKind> checkedKinds() {
    // The comparison is false of what is not a number.
    if (!(sample >= 0 && sample <= 1)) {
      throw CliException.usage("--sample", sample, "0 to 1");
    }
    Set<EventKind> checked = EnumSet.noneOf(EventKind.class);
    for (String kind : kinds) {
      checked.add(checkedKind(kind));
    }
    boolean hits = checked.contains(EventKind.EVENT_KIND_HIT_RECORDED);
    if (!kinds.isEmpty() && hits != sample > 0) {
      throw CliException.usage(
          "--sample", sample, "above 0 with --kinds hit_recorded, 0 with other kinds");
    }
    return checked;
  }

  private static EventKind checkedKind(String kind) {
    for (EventKind known : EventKind.values()) {
      if (known != EventKind.UNRECOGNIZED
          && known != EventKind.EVENT_KIND_UNSPECIFIED
          && EventPrinter.nameOf(known).equals(kind.toLowerCase(Locale.ROOT))) {
        return known;
      }
    }
    throw CliException.usage("--kinds", kind, "kinds of events, see --help");
  }

  /** Once, whether the stream ended or the process is asked to stop. */
  private synchronized void tellToken() {
    if (!told && !token.isEmpty()) {
      told = true;
      console.out().flush();
      console.note("to go on from here: tally events --resume " + token);
    }
  }
}
