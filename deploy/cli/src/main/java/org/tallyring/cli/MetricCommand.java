package org.tallyring.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.CreateMetricRequest;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Metrics: create. */
@Command(
    name = "metric",
    description = "Creates metrics.",
    footer = {"", "Examples:", "  tally metric create purchases --namespace shop"})
final class MetricCommand {

  private MetricCommand() {}

  static CommandLine commandLine(Console console) {
    return new CommandLine(new MetricCommand()).addSubcommand(new Create(console));
  }

  @Command(
      name = "create",
      description = "Adds a metric to a namespace; does nothing if it is there.",
      footer = {"", "Examples:", "  tally metric create purchases --namespace shop"})
  private static final class Create implements Callable<Integer> {
    private final Console console;

    @Mixin private ServerOption server = new ServerOption();
    @Mixin private NamespaceOption namespace = new NamespaceOption();
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "Its name.")
    private String name = "";

    Create(Console console) {
      this.console = console;
    }

    @Override
    public Integer call() {
      CreateMetricRequest request =
          CreateMetricRequest.newBuilder()
              .setNamespace(namespace.name())
              .setMetric(MetricDefinition.newBuilder().setName(Names.checked("name", name)))
              .build();
      try (ServerConnection connection = server.connection()) {
        NamespaceDefinition stored =
            connection
                .call(
                    AdminServiceGrpc.newBlockingStub(connection.channel()),
                    stub -> stub.createMetric(request))
                .getNamespace();
        NamespaceCommand.print(console, output, List.of(stored));
      }
      return ExitCode.DONE;
    }
  }
}
