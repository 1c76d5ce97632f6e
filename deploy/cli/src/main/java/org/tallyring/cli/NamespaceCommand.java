package org.tallyring.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.config.DurationText;
import org.tallyring.cli.failure.CliException;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.DeleteNamespaceRequest;
import org.tallyring.proto.v1.GetNamespaceRequest;
import org.tallyring.proto.v1.ListNamespacesRequest;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Namespaces: create, list, describe, delete. */
@Command(
    name = "namespace",
    description = "Creates, shows and deletes namespaces.",
    footer = {
      "",
      "Examples:",
      "  tally namespace create shop --metrics views,purchases --lateness 60s",
      "  tally namespace list"
    })
final class NamespaceCommand {

  private NamespaceCommand() {}

  static CommandLine commandLine(Console console) {
    return new CommandLine(new NamespaceCommand())
        .addSubcommand(new Create(console))
        .addSubcommand(new ListAll(console))
        .addSubcommand(new Describe(console))
        .addSubcommand(new Delete(console));
  }

  static void print(Console console, OutputOption output, List<NamespaceDefinition> namespaces) {
    Listing listing =
        new Listing("namespaces", "name", "metrics", "lateness", "retention", "event_id_horizon");
    for (NamespaceDefinition namespace : namespaces) {
      listing.add(
          namespace.getName(),
          StrategyOptions.text(namespace.getMetricsList()),
          DurationText.format(Duration.ofMillis(Namespaces.latenessMillis(namespace))),
          RetentionText.format(namespace),
          DurationText.format(Duration.ofMillis(Namespaces.eventIdHorizonMillis(namespace))));
    }
    listing.print(output.format(), console.out());
  }

  @Command(
      name = "create",
      description = "Creates a namespace.",
      footer = {
        "",
        "Examples:",
        "  tally namespace create shop",
        "  tally namespace create shop --metrics views,purchases --lateness 5m",
        "  tally namespace create archive --retention hour=400d,day=10000d",
        "  tally namespace create orders --event-id-horizon 48h"
      })
  private static final class Create extends AdminVerb {
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "Its name.")
    private String name = "";

    @Option(
        names = "--metrics",
        paramLabel = "A,B",
        split = ",",
        description = "Its metrics. Default: clicks.")
    private List<String> metrics = new ArrayList<>();

    @Option(
        names = "--lateness",
        paramLabel = "SPAN",
        description = "How long a window waits for late events after its end. Default: 60s.")
    private @Nullable String lateness;

    @Option(
        names = "--retention",
        paramLabel = "LEVEL=SPAN",
        split = ",",
        description = {
          "How long minute, hour and day buckets are kept, back from the newest event.",
          "Default: minute=26h,hour=40d,day=400d."
        })
    private List<String> retention = new ArrayList<>();

    @Option(
        names = "--event-id-horizon",
        paramLabel = "SPAN",
        description = "For how long an event id is known, 1m to 48h. Default: 1h.")
    private @Nullable String eventIdHorizon;

    Create(Console console) {
      super(console);
    }

    @Override
    void run() {
      NamespaceDefinition.Builder definition =
          NamespaceDefinition.newBuilder().setName(Names.checked("name", name));
      for (String metric : metrics) {
        definition.addMetrics(
            MetricDefinition.newBuilder().setName(Names.checked("--metrics", metric)));
      }
      if (lateness != null) {
        definition.setLatenessMillis(DurationText.parse("--lateness", lateness).toMillis());
      }
      if (!retention.isEmpty()) {
        definition.setRetention(RetentionText.parse("--retention", retention));
      }
      if (eventIdHorizon != null) {
        definition.setEventIdHorizonMillis(
            DurationText.parse("--event-id-horizon", eventIdHorizon).toMillis());
      }
      CreateNamespaceRequest request =
          CreateNamespaceRequest.newBuilder().setNamespace(definition).build();
      print(console, output, List.of(ask(stub -> stub.createNamespace(request)).getNamespace()));
    }
  }

  @Command(
      name = "list",
      description = "Shows all namespaces.",
      footer = {"", "Examples:", "  tally namespace list --output tsv"})
  private static final class ListAll extends AdminVerb {
    @Mixin private OutputOption output = new OutputOption();

    ListAll(Console console) {
      super(console);
    }

    @Override
    void run() {
      ListNamespacesRequest request = ListNamespacesRequest.getDefaultInstance();
      print(console, output, ask(stub -> stub.listNamespaces(request)).getNamespacesList());
    }
  }

  @Command(
      name = "describe",
      description = "Shows one namespace.",
      footer = {"", "Examples:", "  tally namespace describe shop"})
  private static final class Describe extends AdminVerb {
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(
        paramLabel = "NAME",
        arity = "0..1",
        defaultValue = Namespaces.DEFAULT,
        description = "Its name. Default: ${DEFAULT-VALUE}.")
    private String name = "";

    Describe(Console console) {
      super(console);
    }

    @Override
    void run() {
      GetNamespaceRequest request =
          GetNamespaceRequest.newBuilder().setName(Names.checked("name", name)).build();
      print(console, output, List.of(ask(stub -> stub.getNamespace(request)).getNamespace()));
    }
  }

  @Command(
      name = "delete",
      description = "Deletes a namespace and all its counts, at once and for good.",
      footer = {"", "Examples:", "  tally namespace delete shop"})
  private static final class Delete extends AdminVerb {

    @Parameters(paramLabel = "NAME", description = "Its name.")
    private String name = "";

    Delete(Console console) {
      super(console);
    }

    @Override
    void run() {
      DeleteNamespaceRequest request =
          DeleteNamespaceRequest.newBuilder().setName(Names.checked("name", name)).build();
      if (name.equals(Namespaces.DEFAULT)) {
        throw CliException.usage("name", name, "a namespace other than default");
      }
      ask(stub -> stub.deleteNamespace(request));
      sayDeleted(name);
    }
  }
}
