package org.tallyring.cli;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.tallyring.cli.config.HostPort;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.output.OutputFormat;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.client.TallyringClient;
import org.tallyring.proto.v1.CreateMetricRequest;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.standalone.demo.ShopTraffic;

/** A shop's traffic into a cluster, and its top 10 of the hour on the screen. */
final class Demo implements AutoCloseable {

  private static final String NAMESPACE = "default";
  private static final String SHOWN_METRIC = "clicks";
  private static final int SHOWN = 10;

  private final Console console;
  private final ServerConnection connection;
  private final TallyringClient client;
  private final ShopTraffic traffic;
  private final TopPrinter printer;
  private final ScheduledExecutorService screen =
      Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "demo-screen"));

  private Demo(Console console, ServerConnection connection, TallyringClient client) {
    this.console = console;
    this.connection = connection;
    this.client = client;
    this.traffic = ShopTraffic.start(client);
    this.printer = new TopPrinter(console, OutputFormat.TABLE);
  }

  /** Makes the metrics, opens the shop and shows its ranking until closed. */
  static Demo start(Console console, String server) {
    ServerConnection connection = ServerConnection.to(HostPort.parse("server", server));
    for (String metric : ShopTraffic.METRICS) {
      connection.admin(
          stub ->
              stub.createMetric(
                  CreateMetricRequest.newBuilder()
                      .setNamespace(NAMESPACE)
                      .setMetric(MetricDefinition.newBuilder().setName(metric))
                      .build()));
    }
    TallyringClient client = TallyringClient.builder().servers(server).namespace(NAMESPACE).build();
    Demo demo = new Demo(console, connection, client);
    demo.screen.scheduleAtFixedRate(demo::draw, 1, 1, TimeUnit.SECONDS);
    return demo;
  }

  private void draw() {
    GetTopKRequest request =
        GetTopKRequest.newBuilder()
            .setNamespace(NAMESPACE)
            .setMetric(SHOWN_METRIC)
            .setWindow(WindowSelector.newBuilder().setWindow(Window.WINDOW_HOUR).setCurrent(true))
            .setK(SHOWN)
            .build();
    try {
      printer.redraw(
          request,
          connection.call(
              TopKServiceGrpc.newBlockingStub(connection.channel()),
              stub -> stub.getTopK(request)));
      console
          .out()
          .println(
              "a shop of "
                  + traffic.products()
                  + " products, "
                  + client.totals().applied()
                  + " increments so far; Ctrl-C ends it");
      console.out().flush();
    } catch (CliException e) {
      console.note(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void close() {
    screen.shutdownNow();
    traffic.close();
    client.close();
    connection.close();
  }
}
