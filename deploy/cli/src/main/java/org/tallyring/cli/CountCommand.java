package org.tallyring.cli;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.replay.InputFile;
import org.tallyring.cli.replay.KeyFile;
import org.tallyring.cli.replay.Rejections;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "count",
    description = "Shows the counts of keys, in the order asked for.",
    footer = {
      "",
      "Examples:",
      "  tally count sku-17 sku-18",
      "  tally count --metric purchases --window month --at 2012-07 sku-17",
      "  tally count --last 24h sku-17",
      "  cut -f1 products.tsv | tally count --from - --output tsv"
    })
final class CountCommand implements Callable<Integer> {

  /** Keys a request; the interface allows 10,000. */
  private static final int BATCH = 5_000;

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private NamespaceOption namespace = new NamespaceOption();
  @Mixin private MetricOption metric = new MetricOption();
  @Mixin private WindowOptions window = new WindowOptions();
  @Mixin private OutputOption output = new OutputOption();

  @Parameters(paramLabel = "KEY", arity = "0..*", description = "The keys.")
  private List<String> keys = new ArrayList<>();

  @Option(
      names = "--from",
      paramLabel = "FILE",
      description = "Read the keys from a file, one a line; - is standard input.")
  private @Nullable String from;

  CountCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    if ((from == null) == keys.isEmpty()) {
      throw CliException.usage("keys: give them as KEY..., or in a file with --from FILE");
    }
    List<byte[]> given = keys.stream().map(Names::key).toList();
    GetCountsRequest.Builder request =
        GetCountsRequest.newBuilder().setNamespace(namespace.name()).setWindow(window.selector());
    InputFile file = from == null ? null : InputFile.of(from, console.in());
    try (ServerConnection connection = server.connection()) {
      request.setMetric(metric.name(connection, request.getNamespace()));
      Answers answers = new Answers(connection, request.build());
      Rejections rejections = new Rejections(console.err(), "");
      if (file == null) {
        given.forEach(answers::ask);
      } else {
        KeyFile.read(file, rejections, answers::ask);
      }
      int exitCode = answers.finish();
      return exitCode == ExitCode.DONE && rejections.count() > 0
          ? ExitCode.INPUT_REJECTED
          : exitCode;
    } catch (IOException e) {
      throw CliException.failed("cannot read " + from + ": " + e.getMessage(), e);
    }
  }

  /** Asks in batches and writes what is answered. */
  private final class Answers {
    private final ServerConnection connection;
    private final GetCountsRequest template;
    private final CountPrinter printer;
    private final List<ByteString> batch = new ArrayList<>();
    private long missing;

    Answers(ServerConnection connection, GetCountsRequest template) {
      this.connection = connection;
      this.template = template;
      PrintWriter out = console.out();
      printer = CountPrinter.of(output.format(), out, template);
    }

    void ask(byte[] key) {
      batch.add(ByteString.copyFrom(key));
      if (batch.size() == BATCH) {
        send();
      }
    }

    private void send() {
      GetCountsRequest request = template.toBuilder().addAllKeys(batch).build();
      GetCountsResponse response =
          connection.call(
              CounterServiceGrpc.newBlockingStub(connection.channel()),
              stub -> stub.getCounts(request));
      missing += batch.size() - response.getCountsCount();
      printer.print(response);
      batch.clear();
    }

    int finish() {
      if (!batch.isEmpty()) {
        send();
      }
      printer.finish();
      if (missing > 0) {
        console.note(
            missing
                + " keys are left out, because their ranges have no owner at the moment; `tally"
                + " ranges` shows which, ask again soon");
        return ExitCode.FAILED;
      }
      return ExitCode.DONE;
    }
  }
}
