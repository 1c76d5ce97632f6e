package org.tallyring.cli;

import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopKResponse;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.WindowSelector;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "top",
    description = "Shows the keys with the highest counts.",
    footer = {
      "",
      "Examples:",
      "  tally top",
      "  tally top --metric purchases -k 100 --output tsv",
      "  tally top --window day --at 2012-07-04",
      "  tally top --window hour --at current --watch",
      "  tally top --last 24h",
      "  tally top --last 1h --at 2012-07-04T07:15",
      "  tally top --metric views --include clicks,purchases --where 'purchases>=10'",
      "  tally top --score 0.1*views+1*clicks+10*purchases"
    })
final class TopCommand implements Callable<Integer> {

  private static final long REDRAW_NANOS = 1_000_000_000L;

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private NamespaceOption namespace = new NamespaceOption();
  @Mixin private MetricOption metric = new MetricOption();
  @Mixin private WindowOptions window = new WindowOptions();
  @Mixin private CriterionOptions criterion = new CriterionOptions();
  @Mixin private OutputOption output = new OutputOption();

  @Option(
      names = "-k",
      paramLabel = "K",
      defaultValue = "10",
      description = "How many, 1 to 1000. Default: ${DEFAULT-VALUE}.")
  private int k = 10;

  @Option(names = "--watch", description = "Ask again every second, until Ctrl-C.")
  private boolean watch;

  TopCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    if (k < 1 || k > 1_000) {
      throw CliException.usage("-k", k, "1-1000");
    }
    WindowSelector selector = window.selector();
    GetTopKRequest.Builder criteria = criterion.addTo(GetTopKRequest.newBuilder());
    String namespaceName = namespace.name();
    try (ServerConnection connection = server.connection()) {
      String metricName = metric.name(connection, namespaceName);
      GetTopKRequest request =
          criteria
              .setNamespace(namespaceName)
              .setMetric(metricName)
              .setWindow(selector)
              .setK(k)
              .build();
      TopPrinter printer = new TopPrinter(console, output.format());
      printer.print(request, ask(connection, request));
      while (watch) {
        LockSupport.parkNanos(REDRAW_NANOS);
        redraw(connection, request, printer);
      }
    }
    return ExitCode.DONE;
  }

  private static GetTopKResponse ask(ServerConnection connection, GetTopKRequest request) {
    return connection.call(
        TopKServiceGrpc.newBlockingStub(connection.channel()), stub -> stub.getTopK(request));
  }

  /** A server that is away for a moment does not end the watching. */
  private void redraw(ServerConnection connection, GetTopKRequest request, TopPrinter printer) {
    try {
      printer.redraw(request, ask(connection, request));
    } catch (CliException e) {
      console.note(String.valueOf(e.getMessage()));
    }
  }
}
