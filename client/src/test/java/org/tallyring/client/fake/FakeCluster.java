package org.tallyring.client.fake;

import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.channel.ShardChannels;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.RecordStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.Topology;
import org.tallyring.proto.v1.TopologyServiceGrpc;
import org.tallyring.proto.v1.WatchTopologyRequest;
import org.tallyring.proto.v1.WatchTopologyResponse;
import org.tallyring.topology.hash.KeyHash;

/**
 * Some shards over in-process gRPC. The ledgers of the ranges live outside of the shards, as
 * journals do, so whatever happens to shards and streams the sequence rules hold.
 *
 * <p>One lock guards everything, and is held while streams are written and closed, which takes the
 * transport's lock inside it. So no handler may be called with the transport's lock held, as those
 * on a direct executor are: they run on the loop.
 */
public final class FakeCluster implements AutoCloseable {

  private final List<FakeLedger> ledgers = new ArrayList<>();
  final EventLoop loop;

  /** Decides what happens to each batch. */
  volatile Function<RecordStreamRequest, Fault> faults = request -> Fault.NONE;

  /** How long each batch takes before it is looked at. */
  volatile Supplier<Duration> delays = () -> Duration.ZERO;

  /** Whether shards that do not own a range say who does. */
  volatile boolean hints = true;

  private final String prefix = "fake-" + UUID.randomUUID();
  private final int rangeCount;
  private final String[] owners;
  private final long[] epochs;
  private final @Nullable Server[] servers;
  private final List<Server> extraServers = new ArrayList<>();
  private final List<Set<ServerCallStreamObserver<WatchTopologyResponse>>> watchers =
      new ArrayList<>();
  private final List<Set<StreamObserver<RecordStreamResponse>>> streams = new ArrayList<>();

  /** A cluster whose shards own the ranges in turn, and are not started yet. */
  public FakeCluster(int rangeCount, int shards, EventLoop loop) {
    this.rangeCount = rangeCount;
    this.loop = loop;
    owners = new String[rangeCount];
    epochs = new long[rangeCount];
    servers = new Server[shards];
    for (int range = 0; range < rangeCount; range++) {
      owners[range] = id(range % shards);
      epochs[range] = 1;
      ledgers.add(new FakeLedger());
    }
    for (int shard = 0; shard < shards; shard++) {
      watchers.add(new LinkedHashSet<>());
      streams.add(new LinkedHashSet<>());
    }
  }

  /** Starts all shards. */
  public FakeCluster start() {
    for (int shard = 0; shard < servers.length; shard++) {
      start(shard);
    }
    return this;
  }

  /** Starts a shard. */
  public synchronized void start(int shard) {
    try {
      servers[shard] =
          InProcessServerBuilder.forName(address(shard))
              .executor(loop)
              .addService(new FakeCounterService(this, shard))
              .addService(new Watches(shard))
              .build()
              .start();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    publish();
  }

  /** Starts an aggregator for as long as the cluster is open; returns its address. */
  public synchronized String startAggregator() {
    String address = prefix + ":7070";
    try {
      extraServers.add(
          InProcessServerBuilder.forName(address)
              .executor(loop)
              .addService(new FakeTopKService(this))
              .addService(new Watches(0))
              .build()
              .start());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    return address;
  }

  /** Stops a shard at once. It keeps its ranges until they are moved. */
  public synchronized void stop(int shard) {
    Server running = servers[shard];
    if (running == null) {
      return;
    }
    servers[shard] = null;
    running.shutdownNow();
    watchers.get(shard).clear();
    streams.get(shard).clear();
    publish();
  }

  /** Channels to these shards. */
  public ShardChannels channels() {
    return new ShardChannels(InProcessChannelBuilder::forName);
  }

  /** Where a shard serves. */
  public String address(int shard) {
    return prefix + ":" + (7071 + shard);
  }

  /** Gives a range to a shard and tells the watchers. */
  public synchronized void move(int range, int shard) {
    moveSilently(range, shard);
    publish();
  }

  /** Gives a range to a shard and tells nobody. */
  public synchronized void moveSilently(int range, int shard) {
    owners[range] = id(shard);
    epochs[range]++;
  }

  /** Tells the watchers of all shards the present picture. */
  public synchronized void publish() {
    WatchTopologyResponse picture =
        WatchTopologyResponse.newBuilder().setTopology(picture()).build();
    watchers.forEach(set -> List.copyOf(set).forEach(watcher -> watcher.onNext(picture)));
  }

  /** Sets what happens to each batch. */
  public void faults(Function<RecordStreamRequest, Fault> faults) {
    this.faults = faults;
  }

  /** Sets how long each batch takes before it is looked at. */
  public void delays(Supplier<Duration> delays) {
    this.delays = delays;
  }

  /** Sets whether shards that do not own a range say who does. */
  public void hints(boolean hints) {
    this.hints = hints;
  }

  /** Breaks all record streams of a shard. */
  public synchronized void cut(int shard) {
    List<StreamObserver<RecordStreamResponse>> open = List.copyOf(streams.get(shard));
    streams.get(shard).clear();
    open.forEach(
        stream ->
            stream.onError(Status.UNAVAILABLE.withDescription("cut by the test").asException()));
  }

  /** The ledger of a range. */
  public FakeLedger ledger(int range) {
    return ledgers.get(range);
  }

  /** The rows applied in all ranges, range by range. */
  public synchronized List<FakeLedger.Row> rows() {
    List<FakeLedger.Row> rows = new ArrayList<>();
    ledgers.forEach(ledger -> rows.addAll(ledger.rows()));
    return rows;
  }

  /** How many record streams are open at a shard. */
  public synchronized int streams(int shard) {
    return streams.get(shard).size();
  }

  /** How many ranges there are. */
  public int rangeCount() {
    return rangeCount;
  }

  @Override
  public synchronized void close() {
    for (Server server : servers) {
      if (server != null) {
        server.shutdownNow();
      }
    }
    extraServers.forEach(Server::shutdownNow);
  }

  boolean owns(int shard, int range) {
    return owners[range].equals(id(shard));
  }

  Map<String, String> ownerOf(int range) {
    int owner = Integer.parseInt(owners[range].substring("shard-".length()));
    return Map.of(
        "rangeId", Integer.toString(range),
        "owner", owners[range],
        "ownerAddress", address(owner),
        "epoch", Long.toString(epochs[range]));
  }

  synchronized void opened(int shard, StreamObserver<RecordStreamResponse> stream) {
    streams.get(shard).add(stream);
  }

  /** Whether the stream was still open. */
  synchronized boolean ended(int shard, StreamObserver<RecordStreamResponse> stream) {
    return streams.get(shard).remove(stream);
  }

  synchronized boolean isOpen(int shard, StreamObserver<RecordStreamResponse> stream) {
    return streams.get(shard).contains(stream);
  }

  private static String id(int shard) {
    return "shard-" + shard;
  }

  /** The present picture. */
  public synchronized Topology picture() {
    Topology.Builder picture =
        Topology.newBuilder()
            .setCluster("fake")
            .setRangeCount(rangeCount)
            .setHashName(KeyHash.NAME);
    for (int shard = 0; shard < servers.length; shard++) {
      if (servers[shard] != null) {
        picture.addShards(
            ShardMember.newBuilder().setId(id(shard)).setAddress(address(shard)).setWeight(1));
      }
    }
    for (int range = 0; range < rangeCount; range++) {
      picture.addRanges(
          RangeOwnership.newBuilder()
              .setRangeId(range)
              .setOwner(owners[range])
              .setAssigned(owners[range])
              .setEpoch(epochs[range])
              .setServing(true));
    }
    return picture.build();
  }

  private final class Watches extends TopologyServiceGrpc.TopologyServiceImplBase {

    private final int shard;

    Watches(int shard) {
      this.shard = shard;
    }

    @Override
    public void watchTopology(
        WatchTopologyRequest request, StreamObserver<WatchTopologyResponse> answer) {
      ServerCallStreamObserver<WatchTopologyResponse> watcher =
          (ServerCallStreamObserver<WatchTopologyResponse>) answer;
      watcher.setOnCancelHandler(
          () -> {
            synchronized (FakeCluster.this) {
              watchers.get(shard).remove(watcher);
            }
          });
      synchronized (FakeCluster.this) {
        watchers.get(shard).add(watcher);
        watcher.onNext(WatchTopologyResponse.newBuilder().setTopology(picture()).build());
      }
    }
  }
}
