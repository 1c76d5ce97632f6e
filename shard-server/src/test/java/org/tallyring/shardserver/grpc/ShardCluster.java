package org.tallyring.shardserver.grpc;

import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.inprocess.InProcessServerBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.v1.Decision;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamRequest;
import org.tallyring.shardserver.controller.Rebalancer.Rebalancing;
import org.tallyring.shardserver.coordination.InMemoryCluster;
import org.tallyring.shardserver.coordination.InMemoryCoordination;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.journal.InMemoryArchive;
import org.tallyring.shardserver.journal.InMemoryJournals;
import org.tallyring.shardserver.ownership.OwnedRange;
import org.tallyring.shardserver.ownership.RangeLoops;
import org.tallyring.shardserver.ownership.RangeSettings;
import org.tallyring.shardserver.ownership.RangeState;
import org.tallyring.shardserver.ownership.ShardMeters;
import org.tallyring.shardserver.ownership.ShardRanges;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.planning.AssignmentPlan;
import org.tallyring.topology.planning.Move;
import org.tallyring.topology.planning.Reason;
import org.tallyring.topology.range.RangeTable;

/**
 * Two shards with all their services in one process, their journals in memory and their clock at
 * noon. Of four ranges the first shard serves 0 and 1, the second 2, and nobody serves 3.
 */
final class ShardCluster {

  static final String FIRST = "shard-1";
  static final String SECOND = "shard-2";
  static final int UNOWNED = 3;

  /** 2024-02-29T12:30:00Z. */
  static final long NOW = 1_709_209_800_000L;

  static final RangeTable TABLE = new RangeTable(4);

  /** Of no newer revision than what a range without definitions has, so entries are batches. */
  static final NamespaceDefinition DEFAULT =
      NamespaceDefinition.newBuilder()
          .setName("default")
          .setUid(1)
          .setRevision(RangeEngine.UNDEFINED)
          .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
          .build();

  final InMemoryCluster coordination = new InMemoryCluster();
  private final Map<String, InMemoryCoordination> connections = new LinkedHashMap<>();
  private final Map<String, Member> members = new LinkedHashMap<>();
  private final String[] owners = {"", "", "", ""};
  private @Nullable InMemoryCoordination candidate;
  final InMemoryJournals journals;
  final InMemoryArchive archive = new InMemoryArchive();
  private final InProcessGrpc grpc;
  private final RangeSettings settings;
  private final Map<String, ShardRanges> ranges = new LinkedHashMap<>();
  private final Map<String, ShardServices> services = new LinkedHashMap<>();

  /** Which shards' controllers were asked to rebalance, with "dry" if only to say. */
  final List<String> rebalanced = new CopyOnWriteArrayList<>();

  ShardCluster(InProcessGrpc grpc) {
    this(grpc, RangeSettings.DEFAULT);
  }

  ShardCluster(InProcessGrpc grpc, RangeSettings settings) {
    this.grpc = grpc;
    this.settings = settings;
    ExecutorService acks = Executors.newSingleThreadExecutor();
    grpc.closeAtEnd(acks::shutdownNow);
    journals = new InMemoryJournals(coordination.ranges(), acks);
    start(FIRST);
    start(SECOND);
    assign(0, FIRST);
    assign(1, FIRST);
    assign(2, SECOND);
  }

  private void start(String id) {
    InMemoryCoordination connection = coordination.connect(TABLE.rangeCount(), Runnable::run);
    coordination.namespaces().tamper(DEFAULT.getName(), before -> DEFAULT);
    connection.holdViews();
    connections.put(id, connection);
    RangeLoops loops = new RangeLoops(id, 1);
    grpc.closeAtEnd(loops);
    ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    grpc.closeAtEnd(scheduler::shutdownNow);
    ShardRanges held =
        new ShardRanges(
            id,
            TABLE,
            journals,
            new PeerHandOffs(id, connection, new PeerChannels(grpc::channel)),
            connection.namespaces(),
            loops,
            settings,
            () -> Instant.ofEpochMilli(NOW),
            scheduler,
            new ShardMeters(new SimpleMeterRegistry(), id));
    ranges.put(id, held);
    String address = InProcessServerBuilder.generateName();
    ShardServices served =
        new ShardServices(
            "test",
            id,
            TABLE,
            held,
            connection,
            dryRun -> rebalance(id, dryRun),
            archive,
            new PeerChannels(grpc::channel),
            () -> Instant.ofEpochMilli(NOW),
            scheduler,
            Runnable::run);
    services.put(id, served);
    grpc.serve(address, served::addTo);
    join(
        Member.newBuilder()
            .setId(id)
            .setAddress(address)
            .setWeight(1)
            .setIncarnation(id.hashCode())
            .build());
  }

  private CompletableFuture<Rebalancing> rebalance(String id, boolean dryRun) {
    rebalanced.add(id + (dryRun ? " dry" : ""));
    return CompletableFuture.completedFuture(
        new Rebalancing(
            new AssignmentPlan(
                Assignment.empty(4), List.of(new Move(2, SECOND, FIRST, Reason.HEAVY))),
            1,
            true,
            List.of(
                Decision.newBuilder().setReason("older").build(),
                Decision.newBuilder().setReason("newer").build())));
  }

  private void join(Member member) {
    members.put(member.getId(), member);
    connection(member.getId()).join(member);
  }

  /**
   * The connection of a shard. Its view is what was true at the last {@link #tell}, so that it can
   * be as old as a test wants it to be.
   */
  InMemoryCoordination connection(String id) {
    return of(connections, id);
  }

  /** Makes the present state the view of both shards. */
  void tell() {
    for (InMemoryCoordination connection : connections.values()) {
      connection.releaseViews();
      connection.holdViews();
    }
  }

  /** Makes another process the controller, as everybody knows then. */
  void elect(String id) {
    if (candidate != null) {
      candidate.close();
    }
    candidate = coordination.connect(TABLE.rangeCount(), Runnable::run);
    candidate.campaign(id, leads -> {});
    tell();
  }

  /** Gives a range to a shard and waits until it serves, as everybody knows then. */
  void assign(int rangeId, String owner) {
    owners[rangeId] = owner;
    coordination.assign(AssignmentTarget.newBuilder().addAllOwners(List.of(owners)).build());
    tell();
    ranges.forEach((id, held) -> held.reconcile(connection(id).view()));
    ShardRanges held = of(ranges, owner);
    await()
        .pollInterval(5, TimeUnit.MILLISECONDS)
        .until(
            () ->
                held.find(rangeId).map(range -> range.state() == RangeState.SERVING).orElse(false));
    tell();
  }

  /** Lets nobody reach a shard any more, though it is still a member. */
  void unplug(String id) {
    join(of(members, id).toBuilder().setAddress("nowhere").build());
    tell();
  }

  ShardServices services(String id) {
    return of(services, id);
  }

  /** A range that a shard holds. */
  OwnedRange range(String id, int rangeId) {
    return of(ranges, id).find(rangeId).orElseThrow();
  }

  String address(String id) {
    return of(members, id).getAddress();
  }

  private static <T> T of(Map<String, T> shards, String id) {
    return Objects.requireNonNull(shards.get(id), id);
  }

  Channel channel(String id) {
    return grpc.channel(address(id));
  }

  /** A key of a range in a namespace, the n-th of them. */
  static ByteString key(String namespace, int rangeId, int n) {
    KeyHash hash = new KeyHash(namespace);
    int found = -1;
    for (int i = 0; ; i++) {
      ByteString key = ByteString.copyFromUtf8("key-" + i);
      if (TABLE.rangeOf(hash.hash(key.toByteArray())) == rangeId && ++found == n) {
        return key;
      }
    }
  }

  static ByteString key(int rangeId) {
    return key("default", rangeId, 0);
  }

  static ByteString session(int number) {
    return ByteString.copyFrom(ByteBuffer.allocate(16).putInt(number).array());
  }

  /** One increment of one click. */
  static RecordStreamRequest batch(String namespace, int rangeId, long sequence) {
    ByteString key = rangeId < TABLE.rangeCount() ? key(namespace, rangeId, 0) : key(0);
    return RecordStreamRequest.newBuilder()
        .setSessionId(session(1))
        .setBatch(
            RecordBatch.newBuilder()
                .setNamespace(namespace)
                .setRangeId(rangeId)
                .setSequence(sequence)
                .addMetrics("clicks")
                .setKeys(key)
                .addKeyLengths(key.size()))
        .build();
  }

  static RecordStreamRequest batch(int rangeId, long sequence) {
    return batch("default", rangeId, sequence);
  }
}
