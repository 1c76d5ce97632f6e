package org.tallyring.cli;

import com.google.protobuf.ByteString;
import java.util.concurrent.Callable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.GetRankRequest;
import org.tallyring.proto.v1.GetRankResponse;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.WindowSelector;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "rank",
    description = {
      "Shows where a key stands in the ranking of all keys.",
      "Not of metrics that count heavy hitters, which do not hold every key."
    },
    footer = {
      "",
      "Examples:",
      "  tally rank sku-17",
      "  tally rank sku-17 --neighbors 3 --output tsv",
      "  tally rank sku-17 --window day --at current --compare"
    })
final class RankCommand implements Callable<Integer> {

  private static final int MAX_NEIGHBORS = 100;

  private final Console console;

  @Parameters(paramLabel = "KEY", description = "The key.")
  private String key = "";

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private NamespaceOption namespace = new NamespaceOption();
  @Mixin private MetricOption metric = new MetricOption();
  @Mixin private WindowOptions window = new WindowOptions();
  @Mixin private OutputOption output = new OutputOption();

  @Option(
      names = "--neighbors",
      paramLabel = "N",
      defaultValue = "0",
      description = "Rows to show above it and below it, 0 to 100. Default: ${DEFAULT-VALUE}.")
  private int neighbors;

  @Option(
      names = "--compare",
      description = "Show its rank in the window before too; not with --window all.")
  private boolean compare;

  RankCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    if (neighbors < 0 || neighbors > MAX_NEIGHBORS) {
      throw CliException.usage("--neighbors", neighbors, "0-" + MAX_NEIGHBORS);
    }
    byte[] keyBytes = Names.key(key);
    WindowSelector selector = window.selector();
    String namespaceName = namespace.name();
    try (ServerConnection connection = server.connection()) {
      GetRankRequest request =
          GetRankRequest.newBuilder()
              .setNamespace(namespaceName)
              .setMetric(metric.name(connection, namespaceName))
              .setWindow(selector)
              .setKey(ByteString.copyFrom(keyBytes))
              .setNeighbors(neighbors)
              .setComparePrevious(compare)
              .build();
      GetRankResponse response =
          connection.call(
              TopKServiceGrpc.newBlockingStub(connection.channel()), stub -> stub.getRank(request));
      new RankPrinter(console, output.format()).print(request, response);
    }
    return ExitCode.DONE;
  }
}
