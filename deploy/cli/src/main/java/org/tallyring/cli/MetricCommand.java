package org.tallyring.cli;

import java.util.List;
import org.tallyring.cli.failure.CliException;
import org.tallyring.proto.v1.CreateMetricRequest;
import org.tallyring.proto.v1.GetMetricStatsRequest;
import org.tallyring.proto.v1.GetMetricStatsResponse;
import org.tallyring.proto.v1.MetricStats;
import org.tallyring.proto.v1.SwapMetricRequest;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Metrics: create, swap, list, describe. */
@Command(
    name = "metric",
    description = "Creates metrics, gives them other strategies, and shows what they hold.",
    footer = {
      "",
      "Examples:",
      "  tally metric create purchases --namespace shop",
      "  tally metric create visitors --strategy distinct",
      "  tally metric swap clicks --strategy morris --base 1.02",
      "  tally metric list"
    })
final class MetricCommand {

  private MetricCommand() {}

  static CommandLine commandLine(Console console) {
    return new CommandLine(new MetricCommand())
        .addSubcommand(new Create(console))
        .addSubcommand(new Swap(console))
        .addSubcommand(new ListAll(console))
        .addSubcommand(new Describe(console));
  }

  @Command(
      name = "create",
      description = "Adds a metric to a namespace; does nothing if it is there.",
      footer = {
        "",
        "Examples:",
        "  tally metric create purchases --namespace shop",
        "  tally metric create visitors --strategy distinct",
        "  tally metric create pings --strategy fixed_window --bucket 10s",
        "  tally metric create hits --strategy sliding_window --horizon 30m"
      })
  private static final class Create extends AdminVerb {
    @Mixin private NamespaceOption namespace = new NamespaceOption();
    @Mixin private OutputOption output = new OutputOption();
    @Mixin private StrategyOptions strategy = new StrategyOptions();

    @Parameters(paramLabel = "NAME", description = "Its name.")
    private String name = "";

    Create(Console console) {
      super(console);
    }

    @Override
    void run() {
      CreateMetricRequest request =
          CreateMetricRequest.newBuilder()
              .setNamespace(namespace.name())
              .setMetric(strategy.definition(name))
              .build();
      NamespaceCommand.print(
          console, output, List.of(ask(stub -> stub.createMetric(request)).getNamespace()));
    }
  }

  @Command(
      name = "swap",
      description = {
        "Gives a metric another strategy while the cluster runs.",
        "What can be converted is kept; for the rest, answers say since when they hold."
      },
      footer = {
        "",
        "Examples:",
        "  tally metric swap clicks --strategy morris --base 1.02",
        "  tally metric swap clicks --strategy fixed_window --namespace shop"
      })
  private static final class Swap extends AdminVerb {
    @Mixin private NamespaceOption namespace = new NamespaceOption();
    @Mixin private OutputOption output = new OutputOption();
    @Mixin private StrategyOptions strategy = new StrategyOptions();

    @Parameters(paramLabel = "NAME", description = "Its name.")
    private String name = "";

    Swap(Console console) {
      super(console);
    }

    @Override
    void run() {
      SwapMetricRequest request =
          SwapMetricRequest.newBuilder()
              .setNamespace(namespace.name())
              .setMetric(strategy.definitionWithStrategy(name))
              .build();
      NamespaceCommand.print(
          console, output, List.of(ask(stub -> stub.swapMetric(request)).getNamespace()));
    }
  }

  @Command(
      name = "list",
      description = "Shows the metrics of a namespace and what they hold.",
      footer = {"", "Examples:", "  tally metric list --namespace shop --output tsv"})
  private static final class ListAll extends AdminVerb {
    @Mixin private NamespaceOption namespace = new NamespaceOption();
    @Mixin private OutputOption output = new OutputOption();

    ListAll(Console console) {
      super(console);
    }

    @Override
    void run() {
      GetMetricStatsResponse stats = stats(this, namespace.name());
      print(console, output, stats, stats.getMetricsList());
    }
  }

  @Command(
      name = "describe",
      description = "Shows one metric and what it holds.",
      footer = {"", "Examples:", "  tally metric describe clicks"})
  private static final class Describe extends AdminVerb {
    @Mixin private NamespaceOption namespace = new NamespaceOption();
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "Its name.")
    private String name = "";

    Describe(Console console) {
      super(console);
    }

    @Override
    void run() {
      Names.checked("name", name);
      GetMetricStatsResponse stats = stats(this, namespace.name());
      List<MetricStats> found =
          stats.getMetricsList().stream()
              .filter(metric -> metric.getMetric().getName().equals(name))
              .toList();
      if (found.isEmpty()) {
        throw CliException.failed(
            "metric: " + name + " (expected: a metric of " + namespace.name() + ")");
      }
      print(console, output, stats, found);
    }
  }

  private static GetMetricStatsResponse stats(AdminVerb verb, String namespace) {
    GetMetricStatsRequest request =
        GetMetricStatsRequest.newBuilder().setNamespace(namespace).build();
    return verb.ask(stub -> stub.getMetricStats(request));
  }

  private static void print(
      Console console,
      OutputOption output,
      GetMetricStatsResponse stats,
      List<MetricStats> metrics) {
    Listing listing =
        new Listing("metrics", "name", "strategy", "hits", "keys", "entries", "pruned", "bytes");
    for (MetricStats metric : metrics) {
      listing.add(
          metric.getMetric().getName(),
          StrategyOptions.text(metric.getMetric()),
          metric.getHits(),
          metric.getKeys(),
          metric.getEntries(),
          metric.getPruned(),
          metric.getBytes());
    }
    listing.print(output.format(), console.out());
    if (stats.getRangesIncluded() < stats.getRangesTotal()) {
      console.note(
          "only "
              + stats.getRangesIncluded()
              + " of "
              + stats.getRangesTotal()
              + " ranges are in this answer; `tally ranges` shows which have no owner");
    }
  }
}
