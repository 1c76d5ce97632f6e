package org.tallyring.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.GetTopologyRequest;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.Topology;
import org.tallyring.proto.v1.TopologyServiceGrpc;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "shards",
    description = {
      "Shows the shards and how they stand: JOINING, ACTIVE, DRAINING.",
      "One that is gone is shown as DEAD while ranges are in its name, as LEFT after a drain."
    },
    footer = {"", "Examples:", "  tally shards", "  tally shards --output json"})
final class ShardsCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ServerOption server = new ServerOption();
  @Mixin private OutputOption output = new OutputOption();

  ShardsCommand(Console console) {
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
      print(topology);
      if (topology.getOutOfTouch()) {
        console.note(
            "shards: as last known; the shard that answered cannot reach ZooKeeper. If none can,"
                + " nothing moves, increments are taken and reads refused");
      }
    }
    return ExitCode.DONE;
  }

  private void print(Topology topology) {
    Map<String, Integer> serving = new HashMap<>();
    for (RangeOwnership range : topology.getRangesList()) {
      if (range.getServing()) {
        serving.merge(range.getOwner(), 1, Integer::sum);
      }
    }
    Listing listing =
        new Listing(
            "shards", "shard", "address", "weight", "zone", "ranges", "controller", "state");
    List<ShardMember> shards = new ArrayList<>(topology.getShardsList());
    shards.addAll(topology.getGoneShardsList());
    for (ShardMember shard : shards) {
      listing.add(
          shard.getId(),
          shard.getAddress(),
          shard.getWeight(),
          shard.getZone(),
          serving.getOrDefault(shard.getId(), 0),
          shard.getId().equals(topology.getController()),
          shard.getState().name().replace("MEMBER_STATE_", ""));
    }
    listing.print(output.format(), console.out());
  }
}
