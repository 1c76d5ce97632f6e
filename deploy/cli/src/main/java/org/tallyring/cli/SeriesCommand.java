package org.tallyring.cli;

import com.google.protobuf.ByteString;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.output.JsonLine;
import org.tallyring.cli.output.Label;
import org.tallyring.cli.output.TextTable;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.GetSeriesResponse;
import org.tallyring.proto.v1.SeriesPoint;
import org.tallyring.proto.v1.Window;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.SeriesPeriod;
import org.tallyring.topology.window.WindowLevel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "series",
    description = "Shows the counts of a key per minute, hour, day or month.",
    footer = {
      "",
      "Examples:",
      "  tally series sku-17",
      "  tally series sku-17 --step minute --last 30m",
      "  tally series sku-17 --metric purchases --step day --start 2012-07-01 --end 2012-08-01",
      "  tally series sku-17 --step hour --last 48h --output tsv"
    })
final class SeriesCommand implements Callable<Integer> {

  private static final Set<String> STEPS = Set.of("bucket", "minute", "hour", "day", "month");
  private static final String TIME_RULE =
      "a time in UTC such as 2012-07-04 or 2012-07-04T07:15:00Z";
  private static final Duration DEFAULT_LAST = Duration.ofDays(1);

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private NamespaceOption namespace = new NamespaceOption();
  @Mixin private MetricOption metric = new MetricOption();
  @Mixin private OutputOption output = new OutputOption();

  @Parameters(paramLabel = "KEY", description = "The key.")
  private String key = "";

  @Option(
      names = "--step",
      paramLabel = "STEP",
      defaultValue = "hour",
      description =
          "bucket (the finest that the metric keeps), minute, hour, day or month. Default:"
              + " ${DEFAULT-VALUE}.")
  private String step = "hour";

  @Option(
      names = "--start",
      paramLabel = "TIME",
      description =
          "When the first step starts, or a time in it, for example 2012-07-04 or"
              + " 2012-07-04T07:15:00Z.")
  private @Nullable String start;

  @Option(
      names = "--end",
      paramLabel = "TIME",
      description = "When the last step ends, or a time in it. Default: now.")
  private @Nullable String end;

  @Option(
      names = "--last",
      paramLabel = "SPAN",
      description =
          "Instead of --start: how long before the end, for example 30m, 48h or 7d. Default: 1d.")
  private @Nullable String last;

  SeriesCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    GetSeriesRequest.Builder request =
        period().setNamespace(namespace.name()).setKey(ByteString.copyFrom(Names.key(key)));
    try (ServerConnection connection = server.connection()) {
      request.setMetric(metric.name(connection, request.getNamespace()));
      print(
          request.build(),
          connection.call(
              CounterServiceGrpc.newBlockingStub(connection.channel()),
              stub -> stub.getSeries(request.build())));
    }
    return ExitCode.DONE;
  }

  private GetSeriesRequest.Builder period() {
    if (!STEPS.contains(step)) {
      throw CliException.usage("--step", step, "bucket, minute, hour, day or month");
    }
    if (start != null && last != null) {
      throw CliException.usage("--last", last, "either --start or --last, not both");
    }
    // How long the metric's own buckets are the cluster knows: milliseconds leave times as given.
    boolean own = step.equals("bucket");
    WindowLevel level =
        own ? WindowLevel.MINUTE : WindowLevel.valueOf(step.toUpperCase(Locale.ROOT));
    long endMillis = end == null ? Instant.now().toEpochMilli() : time("--end", end);
    long startMillis =
        start != null
            ? time("--start", start)
            : SeriesPeriod.start(
                level,
                own ? BucketWidth.MILLISECOND : BucketWidth.MINUTE,
                last == null ? DEFAULT_LAST : WindowOptions.span(last),
                endMillis);
    if (!own) {
      try {
        SeriesPeriod.of(level, BucketWidth.MINUTE, startMillis, endMillis);
      } catch (IllegalArgumentException refused) {
        throw CliException.usage(String.valueOf(refused.getMessage()));
      }
    }
    return GetSeriesRequest.newBuilder()
        .setStep(Window.valueOf("WINDOW_" + step.toUpperCase(Locale.ROOT)))
        .setStartTime(ProtoTimes.timestamp(startMillis))
        .setEndTime(ProtoTimes.timestamp(endMillis));
  }

  private static long time(String option, String text) {
    try {
      return TimeText.parse(text).toEpochMilli();
    } catch (DateTimeException | ArithmeticException e) {
      throw CliException.usage(option, text, TIME_RULE);
    }
  }

  private void print(GetSeriesRequest request, GetSeriesResponse response) {
    Label label = new Label(response.getLabel());
    switch (output.format()) {
      case TABLE -> {
        console
            .out()
            .println(
                request.getNamespace()
                    + "/"
                    + request.getMetric()
                    + ", "
                    + request.getKey().toStringUtf8()
                    + ", "
                    + label.series());
        TextTable table = new TextTable("START", "COUNT");
        for (SeriesPoint point : response.getPointsList()) {
          table.add(Label.text(point.getStartTime()), point.getCount());
        }
        table.print(console.out());
        console.out().println(label.quality());
      }
      case TSV -> {
        for (SeriesPoint point : response.getPointsList()) {
          console.out().println(Label.text(point.getStartTime()) + "\t" + point.getCount());
        }
      }
      case JSON ->
          JsonLine.print(
              console.out(),
              json -> {
                json.writeStringField("namespace", request.getNamespace());
                json.writeStringField("metric", request.getMetric());
                json.writeStringField("id", request.getKey().toStringUtf8());
                label.writeFields(json);
                json.writeArrayFieldStart("points");
                for (SeriesPoint point : response.getPointsList()) {
                  json.writeStartObject();
                  json.writeStringField("start", Label.text(point.getStartTime()));
                  json.writeNumberField("count", point.getCount());
                  json.writeEndObject();
                }
                json.writeEndArray();
              });
    }
    console.out().flush();
  }
}
