package org.tallyring.cli;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.GetTopologyRequest;
import org.tallyring.proto.v1.ListRangesRequest;
import org.tallyring.proto.v1.ListRangesResponse;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.RangeStatus;
import org.tallyring.proto.v1.Topology;
import org.tallyring.proto.v1.TopologyServiceGrpc;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "ranges",
    description = {
      "Shows all ranges: who owns them and what is in them.",
      "A range whose owner does not answer is shown with the state UNAVAILABLE."
    },
    footer = {"", "Examples:", "  tally ranges", "  tally ranges --output tsv | cut -f1,2,4"})
final class RangesCommand implements Callable<Integer> {

  private static final String UNAVAILABLE = "UNAVAILABLE";

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private OutputOption output = new OutputOption();

  RangesCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    try (ServerConnection connection = server.connection()) {
      Topology topology =
          connection
              .call(
                  TopologyServiceGrpc.newBlockingStub(connection.channel()),
                  stub -> stub.getTopology(GetTopologyRequest.getDefaultInstance()))
              .getTopology();
      ListRangesResponse response =
          connection.admin(stub -> stub.listRanges(ListRangesRequest.getDefaultInstance()));
      print(topology, response);
    }
    return ExitCode.DONE;
  }

  private void print(Topology topology, ListRangesResponse response) {
    Map<Integer, RangeStatus> answered = new HashMap<>();
    response.getRangesList().forEach(range -> answered.put(range.getRangeId(), range));
    Listing listing =
        new Listing(
            "ranges",
            "range",
            "owner",
            "epoch",
            "state",
            "keys",
            "increments",
            "journal_bytes",
            "copies",
            "degraded",
            "increments_per_second",
            "bytes");
    for (RangeOwnership ownership : topology.getRangesList()) {
      RangeStatus range =
          answered.getOrDefault(
              ownership.getRangeId(),
              RangeStatus.newBuilder()
                  .setRangeId(ownership.getRangeId())
                  .setOwner(ownership.getOwner())
                  .setEpoch(ownership.getEpoch())
                  .setState(UNAVAILABLE)
                  .build());
      listing.add(
          range.getRangeId(),
          range.getOwner(),
          range.getEpoch(),
          range.getState(),
          range.getKeys(),
          range.getIncrements(),
          range.getJournalBytes(),
          range.getCopies(),
          range.getDegraded(),
          range.getIncrementsPerSecond(),
          range.getBytes());
    }
    listing.print(output.format(), console.out());
  }
}
