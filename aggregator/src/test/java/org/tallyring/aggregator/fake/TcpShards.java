package org.tallyring.aggregator.fake;

import io.grpc.BindableService;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@link FakeShards} on loopback ports. */
public final class TcpShards implements AutoCloseable {

  private final FakeShards shards;
  private final Map<String, Server> servers = new LinkedHashMap<>();
  private final List<String> addresses = new ArrayList<>();

  /** Starts these shards. */
  public TcpShards(FakeShards shards, String... shardIds) throws IOException {
    this.shards = shards;
    for (String shardId : shardIds) {
      ServerBuilder<?> builder =
          Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create()).directExecutor();
      for (BindableService service : shards.services(shardId)) {
        builder.addService(service);
      }
      Server server = builder.build().start();
      servers.put(shardId, server);
      addresses.add("127.0.0.1:" + server.getPort());
      shards.join(shardId, "127.0.0.1:" + server.getPort());
    }
  }

  /** Where the shards serve. */
  public List<String> addresses() {
    return List.copyOf(addresses);
  }

  /** Lets a shard die: its connections end and it leaves the topology. */
  public void kill(String shardId) {
    Server server = servers.remove(shardId);
    if (server != null) {
      server.shutdownNow();
    }
    shards.leave(shardId);
  }

  @Override
  public void close() {
    servers.values().forEach(Server::shutdownNow);
  }
}
