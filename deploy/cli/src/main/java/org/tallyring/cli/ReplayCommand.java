package org.tallyring.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.config.DurationText;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.replay.InputFile;
import org.tallyring.cli.replay.Progress;
import org.tallyring.cli.replay.Rejections;
import org.tallyring.cli.replay.Replay;
import org.tallyring.cli.replay.ReplayPlan;
import org.tallyring.cli.replay.ReplayTarget;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "replay",
    description = {
      "Records the events in files, each once, however often it has to be sent.",
      "Lines that cannot be recorded are counted and the first of them shown; then the exit code is"
          + " 3. Empty lines are skipped. COL is a column's name or its number, from 1."
    },
    footer = {
      "",
      "Examples:",
      "  tally replay clicks.csv.gz --key product --time clicked_at",
      "  tally replay --create --format jsonl --key page --time time --metric-column type e.json",
      "  tally replay --no-header --delimiter ' ' --key 2 --time 3 --time-format epoch_s"
          + " --metric-column 4 --create actions.txt",
      "  tally replay --create --format combined access.log",
      "  zcat sessions.gz | tally replay --format items -"
    })
final class ReplayCommand implements Callable<Integer> {

  /** Takes the cursor to the start of the line and clears it, so that a progress bar makes room. */
  private static final String CLEAR_LINE = "\r\u001b[K";

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private NamespaceOption namespace = new NamespaceOption();
  @Mixin private ReplayOptions options = new ReplayOptions();

  @Parameters(
      paramLabel = "FILE",
      arity = "1..*",
      description = "What to read; - is standard input. What is packed by gzip is unpacked.")
  private List<String> files = new ArrayList<>();

  @Option(names = "--create", description = "Make the namespace and the metrics that are missing.")
  private boolean create;

  @Option(
      names = "--deadline",
      paramLabel = "SPAN",
      defaultValue = "10m",
      description =
          "For how long to repeat what is not answered before giving up. Default:"
              + " ${DEFAULT-VALUE}.")
  private String deadline = "10m";

  ReplayCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    ReplayPlan plan = options.plan();
    Duration limit = DurationText.parse("--deadline", deadline);
    if (limit.isZero()) {
      throw CliException.usage("--deadline", deadline, DurationText.RULE);
    }
    String namespaceName = namespace.name();
    List<InputFile> inputs = files.stream().map(name -> InputFile.of(name, console.in())).toList();
    boolean bar = console.terminal().err();
    Rejections rejections = new Rejections(console.err(), bar ? CLEAR_LINE : "");
    ReplayTarget target =
        new ReplayTarget(server.address(), namespaceName, create, limit, this::note);
    Replay.Totals totals;
    try (Progress progress = bar ? Progress.bar(inputs, System.err) : Progress.SILENT) {
      Replay replay = new Replay(plan, rejections, progress);
      replay.check(inputs);
      totals = target.replay(replay, inputs);
    }
    return report(totals, rejections);
  }

  private int report(Replay.Totals totals, Rejections rejections) {
    console
        .out()
        .println(
            "recorded "
                + totals.recorded()
                + ", duplicate "
                + totals.duplicate()
                + ", rejected "
                + rejections.count());
    console.out().flush();
    @Nullable String failure = totals.failure();
    if (failure != null) {
      console.note(failure);
      return ExitCode.FAILED;
    }
    return rejections.count() > 0 ? ExitCode.INPUT_REJECTED : ExitCode.DONE;
  }

  private void note(String message) {
    if (console.terminal().err()) {
      console.err().print(CLEAR_LINE);
    }
    console.note(message);
  }
}
