package org.tallyring.cli;

import com.google.protobuf.ByteString;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.output.JsonLine;
import org.tallyring.cli.output.Label;
import org.tallyring.cli.output.OutputFormat;
import org.tallyring.cli.output.TextTable;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopKResponse;
import org.tallyring.proto.v1.RankedKey;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.Window;
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
      "  tally top --window hour --at current --watch"
    })
final class TopCommand implements Callable<Integer> {

  private static final long REDRAW_NANOS = 1_000_000_000L;

  /** Cursor to the top left, then clear to the end of the screen: no flicker. */
  private static final String HOME = "\u001b[H\u001b[J";

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private NamespaceOption namespace = new NamespaceOption();
  @Mixin private MetricOption metric = new MetricOption();
  @Mixin private WindowOptions window = new WindowOptions();
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
    String namespaceName = namespace.name();
    try (ServerConnection connection = server.connection()) {
      String metricName = metric.name(connection, namespaceName);
      GetTopKRequest request =
          GetTopKRequest.newBuilder()
              .setNamespace(namespaceName)
              .setMetric(metricName)
              .setWindow(selector)
              .setK(k)
              .build();
      print(request, ask(connection, request));
      while (watch) {
        LockSupport.parkNanos(REDRAW_NANOS);
        redraw(connection, request);
      }
    }
    return ExitCode.DONE;
  }

  private static GetTopKResponse ask(ServerConnection connection, GetTopKRequest request) {
    return connection.call(
        TopKServiceGrpc.newBlockingStub(connection.channel()), stub -> stub.getTopK(request));
  }

  /** A server that is away for a moment does not end the watching. */
  private void redraw(ServerConnection connection, GetTopKRequest request) {
    try {
      GetTopKResponse response = ask(connection, request);
      if (console.terminal().out()) {
        console.out().print(HOME);
      }
      print(request, response);
    } catch (CliException e) {
      console.note(String.valueOf(e.getMessage()));
    }
  }

  private void print(GetTopKRequest request, GetTopKResponse response) {
    Label label = new Label(response.getLabel());
    PrintWriter out = console.out();
    switch (output.format()) {
      case TABLE -> printTable(out, request, response, label);
      case TSV -> {
        for (RankedKey item : response.getItemsList()) {
          out.println(item.getRank() + "\t" + text(item.getKey()) + "\t" + item.getCount());
        }
      }
      case JSON ->
          JsonLine.print(
              out,
              json -> {
                json.writeStringField("namespace", request.getNamespace());
                json.writeStringField("metric", request.getMetric());
                label.writeFields(json);
                json.writeArrayFieldStart("items");
                for (RankedKey item : response.getItemsList()) {
                  json.writeStartObject();
                  json.writeStringField("id", text(item.getKey()));
                  json.writeNumberField("count", item.getCount());
                  json.writeNumberField("rank", item.getRank());
                  json.writeEndObject();
                }
                json.writeEndArray();
              });
    }
    out.flush();
    if (output.format() != OutputFormat.TABLE && !label.isComplete()) {
      console.note(label.incomplete());
    }
    boolean sealed = request.getWindow().getWindow() != Window.WINDOW_ALL;
    if (response.getItemsCount() == 0 && sealed) {
      console.note(
          "nothing was counted in this window; --at current shows the open one, --at"
              + " 2012-07-04 the one of a day in the past, --window all everything");
    }
  }

  private static void printTable(
      PrintWriter out, GetTopKRequest request, GetTopKResponse response, Label label) {
    out.println(request.getNamespace() + "/" + request.getMetric() + ", " + label.window());
    TextTable table = new TextTable("RANK", "KEY", "COUNT");
    for (RankedKey item : response.getItemsList()) {
      table.add(item.getRank(), text(item.getKey()), item.getCount());
    }
    table.print(out);
    out.println(label.quality());
    if (!label.isComplete()) {
      out.println(label.incomplete());
    }
  }

  private static String text(ByteString key) {
    return key.toStringUtf8();
  }
}
