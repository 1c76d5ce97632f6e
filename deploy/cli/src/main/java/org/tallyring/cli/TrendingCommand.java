package org.tallyring.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.output.JsonLine;
import org.tallyring.cli.output.Label;
import org.tallyring.cli.output.TextTable;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.criterion.CriterionText;
import org.tallyring.proto.v1.GetTrendingRequest;
import org.tallyring.proto.v1.GetTrendingResponse;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.TrendingKey;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "trending",
    description = {
      "Shows the keys that grow most: the current hour against the hours before it, or as much of",
      "them as is kept.",
      "The score is in standard deviations; above 3 it is seldom chance, as far as counts are exact.",
      "Not of metrics that count heavy hitters."
    },
    footer = {
      "",
      "Examples:",
      "  tally trending",
      "  tally trending --metric purchases -k 20 --min-count 50",
      "  tally trending --baseline-hours 168 --output tsv"
    })
final class TrendingCommand implements Callable<Integer> {

  private static final int MAX_BASELINE_HOURS = 168;

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private NamespaceOption namespace = new NamespaceOption();
  @Mixin private MetricOption metric = new MetricOption();
  @Mixin private OutputOption output = new OutputOption();

  @Option(
      names = "-k",
      paramLabel = "K",
      defaultValue = "10",
      description = "How many, 1 to 1000. Default: ${DEFAULT-VALUE}.")
  private int k = 10;

  @Option(
      names = "--min-count",
      paramLabel = "N",
      defaultValue = "10",
      description = "Leave out keys with a lower count in this hour. Default: ${DEFAULT-VALUE}.")
  private long minCount = 10;

  @Option(
      names = "--baseline-hours",
      paramLabel = "HOURS",
      defaultValue = "24",
      description = "How many hours to compare with, 1 to 168. Default: ${DEFAULT-VALUE}.")
  private int baselineHours = 24;

  TrendingCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    if (k < 1 || k > 1_000) {
      throw CliException.usage("-k", k, "1-1000");
    }
    if (minCount < 1) {
      throw CliException.usage("--min-count", minCount, "at least 1");
    }
    if (baselineHours < 1 || baselineHours > MAX_BASELINE_HOURS) {
      throw CliException.usage("--baseline-hours", baselineHours, "1-" + MAX_BASELINE_HOURS);
    }
    String namespaceName = namespace.name();
    try (ServerConnection connection = server.connection()) {
      GetTrendingRequest request =
          GetTrendingRequest.newBuilder()
              .setNamespace(namespaceName)
              .setMetric(metric.name(connection, namespaceName))
              .setK(k)
              .setMinCount(minCount)
              .setBaselineHours(baselineHours)
              .build();
      print(
          request,
          connection.call(
              TopKServiceGrpc.newBlockingStub(connection.channel()),
              stub -> stub.getTrending(request)));
    }
    return ExitCode.DONE;
  }

  private void print(GetTrendingRequest request, GetTrendingResponse response) {
    Label label = new Label(response.getLabel());
    PrintWriter out = console.out();
    switch (output.format()) {
      case TABLE -> {
        out.println(request.getNamespace() + "/" + request.getMetric() + ", " + label.window());
        TextTable table = new TextTable("RANK", "KEY", "COUNT", "BEFORE", "PER HOUR", "SCORE");
        for (TrendingKey item : response.getItemsList()) {
          table.add(cells(item));
        }
        table.print(out);
        out.println(label.quality());
      }
      case TSV -> {
        for (TrendingKey item : response.getItemsList()) {
          Object[] cells = cells(item);
          StringBuilder line = new StringBuilder().append(cells[0]);
          for (int i = 1; i < cells.length; i++) {
            line.append('\t').append(cells[i]);
          }
          out.println(line);
        }
      }
      case JSON ->
          JsonLine.print(
              out,
              json -> {
                json.writeStringField("namespace", request.getNamespace());
                json.writeStringField("metric", request.getMetric());
                label.writeFields(json);
                json.writeNumberField("baseline_hours", response.getBaselineHours());
                if (response.hasBaselineStartTime()) {
                  json.writeStringField(
                      "baseline_start", Label.text(response.getBaselineStartTime()));
                }
                json.writeArrayFieldStart("items");
                for (TrendingKey item : response.getItemsList()) {
                  json.writeStartObject();
                  json.writeStringField("id", item.getKey().toStringUtf8());
                  json.writeNumberField("count", item.getCount());
                  json.writeNumberField("baseline_count", item.getBaselineCount());
                  json.writeNumberField("baseline_mean", item.getBaselineMean());
                  json.writeNumberField("score", CriterionText.decimal(item.getScoreMicros()));
                  json.writeNumberField("rank", item.getRank());
                  json.writeEndObject();
                }
                json.writeEndArray();
              });
    }
    out.flush();
    if (!label.isComplete()) {
      console.note(label.incomplete());
    }
  }

  /** Rank, key, count, count before, the same per hour, score. */
  private static Object[] cells(TrendingKey item) {
    return new Object[] {
      item.getRank(),
      item.getKey().toStringUtf8(),
      item.getCount(),
      item.getBaselineCount(),
      String.format(Locale.ROOT, "%.2f", item.getBaselineMean()),
      CriterionText.decimal(item.getScoreMicros()).toPlainString()
    };
  }
}
