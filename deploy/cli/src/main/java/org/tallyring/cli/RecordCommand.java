package org.tallyring.cli;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.output.JsonLine;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordResponse;
import org.tallyring.topology.name.EventIdRules;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "record",
    description = {
      "Records one increment.",
      "It is repeated until the cluster says what became of it, and counts once."
    },
    footer = {
      "",
      "Examples:",
      "  tally record sku-17",
      "  tally record sku-17 --metric purchases --delta 3",
      "  tally record sku-17 --time 2012-07-04T07:15:00Z",
      "  tally record sku-17 --metric purchases --event-id order-4711"
    })
final class RecordCommand implements Callable<Integer> {

  /** Longer than it takes the cluster to move a range from a dead shard. */
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static final String TIME_RULE = "a time in UTC such as 2012-07-04T07:15:00Z";

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private NamespaceOption namespace = new NamespaceOption();
  @Mixin private MetricOption metric = new MetricOption();
  @Mixin private OutputOption output = new OutputOption();

  @Parameters(paramLabel = "KEY", description = "The key.")
  private String key = "";

  @Option(
      names = "--delta",
      paramLabel = "N",
      defaultValue = "1",
      description = "How much to add; negative for a correction. Default: ${DEFAULT-VALUE}.")
  private long delta = 1;

  @Option(
      names = "--time",
      paramLabel = "TIME",
      description = "When it happened, for example 2012-07-04T07:15:00Z. Default: now.")
  private @Nullable String time;

  @Option(
      names = "--user",
      paramLabel = "USER",
      description = "Who did it; a metric that counts distinct users needs it.")
  private @Nullable String user;

  @Option(
      names = "--event-id",
      paramLabel = "ID",
      description = {
        "Which event this is: within the namespace's horizon it counts once, whoever records it.",
        "A UUID, 0x and hexadecimal digits, or a text of at most 16 bytes."
      })
  private @Nullable String eventId;

  RecordCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    if (delta == 0) {
      throw CliException.usage("--delta", delta, "a whole number other than 0");
    }
    Increment.Builder increment =
        Increment.newBuilder().setKey(ByteString.copyFrom(Names.key(key))).setDelta(delta);
    if (user != null) {
      increment.setUser(ByteString.copyFrom(Names.user(user)));
    }
    if (time != null) {
      try {
        increment.setEventTimeMillis(TimeText.parse(time).toEpochMilli());
      } catch (DateTimeException e) {
        throw CliException.usage("--time", time, TIME_RULE);
      }
    }
    if (eventId != null) {
      byte[] id = EventIdRules.parse(eventId);
      if (id == null) {
        throw CliException.usage("--event-id", eventId, EventIdRules.TEXT_RULE);
      }
      increment.setEventId(ByteString.copyFrom(id));
    }
    String namespaceName = namespace.name();
    try (ServerConnection connection = server.connection()) {
      increment.setMetric(metric.name(connection, namespaceName));
      RecordRequest request =
          RecordRequest.newBuilder()
              .setNamespace(namespaceName)
              .addIncrements(increment)
              .setRequestId(requestId())
              .build();
      RecordResponse response =
          connection.callWithin(
              LIMIT,
              CounterServiceGrpc.newBlockingStub(connection.channel()),
              stub -> stub.record(request),
              failure -> console.note(failure.getMessage() + " (repeating)"));
      print(request, response);
    }
    return ExitCode.DONE;
  }

  private static ByteString requestId() {
    UUID random = UUID.randomUUID();
    ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES);
    bytes.putLong(random.getMostSignificantBits()).putLong(random.getLeastSignificantBits());
    return ByteString.copyFrom(bytes.flip());
  }

  private void print(RecordRequest request, RecordResponse response) {
    switch (output.format()) {
      case TABLE -> {
        Increment increment = request.getIncrements(0);
        console
            .out()
            .println(
                (response.getApplied() == 0 && eventId != null ? "already recorded " : "recorded ")
                    + request.getNamespace()
                    + "/"
                    + increment.getMetric()
                    + " of "
                    + key
                    + (delta < 0 ? " " : " +")
                    + delta);
      }
      case TSV -> console.out().println(response.getApplied() + "\t" + response.getDuplicate());
      case JSON ->
          JsonLine.print(
              console.out(),
              json -> {
                json.writeNumberField("applied", response.getApplied());
                json.writeNumberField("duplicate", response.getDuplicate());
              });
    }
    console.out().flush();
  }
}
