package org.tallyring.cli;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The program: every role and every verb. */
@Command(
    name = "tally",
    synopsisSubcommandLabel = "VERB",
    description = {
      "Tallyring counts what people do to products and ranks them, exactly.",
      "Verbs that ask a cluster take --server HOST:PORT, or TALLY_SERVER."
    },
    versionProvider = Version.class,
    footer = {
      "",
      "Examples:",
      "  tally standalone --demo",
      "  tally record sku-17",
      "  tally replay clicks.csv.gz --key product --time clicked_at",
      "  tally top",
      "",
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some input was rejected.",
      "`tally VERB --help` says more about a verb."
    })
public final class Tally {

  /** The verbs that stay and have something to tell an operator. */
  private static final Set<String> SERVERS =
      Set.of("standalone", "zookeeper", "bookie", "shard-server", "aggregator");

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = CommandLine.ScopeType.INHERIT,
      description = "Shows this.")
  private boolean help;

  @Option(names = "--version", versionHelp = true, description = "Shows the version.")
  private boolean version;

  private Tally() {}

  /**
   * Runs a verb and ends the process with its exit code. Ending it is necessary: after a server has
   * stopped in good order, threads of its libraries may be left.
   */
  public static void main(String[] args) {
    // Before the first logger is made, since the configuration of logging reads it.
    boolean server = args.length > 0 && SERVERS.contains(args[0]);
    System.setProperty("tally.log.level", server ? "INFO" : "WARN");
    Console console = Console.ofProcess();
    int exitCode = commandLine(console, new ServerRoles(console)).execute(args);
    console.out().flush();
    System.exit(exitCode);
  }

  /** The verbs. */
  static CommandLine commandLine(Console console, Roles roles) {
    CommandLine commandLine =
        new CommandLine(new Tally())
            .addSubcommand(new StandaloneCommand(roles))
            .addSubcommand(new ReplayCommand(console))
            .addSubcommand(new RecordCommand(console))
            .addSubcommand(new TopCommand(console))
            .addSubcommand(new TrendingCommand(console))
            .addSubcommand(new RankCommand(console))
            .addSubcommand(new CountCommand(console))
            .addSubcommand(new SeriesCommand(console))
            .addSubcommand(NamespaceCommand.commandLine(console))
            .addSubcommand(MetricCommand.commandLine(console))
            .addSubcommand(ThresholdCommand.commandLine(console))
            .addSubcommand(SnapshotCommand.commandLine(console))
            .addSubcommand(new EventsCommand(console))
            .addSubcommand(new ShardsCommand(console))
            .addSubcommand(new RangesCommand(console))
            .addSubcommand(new DrainCommand(console))
            .addSubcommand(new RebalanceCommand(console))
            .addSubcommand(new VerifyCommand(console))
            .addSubcommand(new LogCommand(console))
            .addSubcommand(new BenchCommand(console))
            .addSubcommand(new ZooKeeperCommand(roles))
            .addSubcommand(new BookieCommand(roles))
            .addSubcommand(new ShardServerCommand(roles))
            .addSubcommand(new AggregatorCommand(roles));
    return commandLine
        .setOut(console.out())
        .setErr(console.err())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpLongOptionsMaxWidth(28)
        .setParameterExceptionHandler((e, arguments) -> wrongUsage(console, e))
        .setExecutionExceptionHandler((e, command, result) -> failed(console, e));
  }

  private static int wrongUsage(Console console, ParameterException e) {
    String verb = e.getCommandLine().getCommandSpec().qualifiedName();
    console.note(oneLine(e.getMessage()) + "; see " + verb + " --help");
    return ExitCode.WRONG_USAGE;
  }

  private static int failed(Console console, Exception e) throws Exception {
    console.out().flush();
    if (e instanceof CliException failure) {
      console.note(oneLine(failure.getMessage()));
      return failure.exitCode();
    }
    // A defect: the trace is what a report needs.
    throw e;
  }

  private static String oneLine(@Nullable String message) {
    return String.valueOf(message).replaceAll("\\s*[\\r\\n]+\\s*", " ");
  }
}
