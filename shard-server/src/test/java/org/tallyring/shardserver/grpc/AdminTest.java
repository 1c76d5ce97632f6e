package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.grpc.Refusals.refusal;
import static org.tallyring.shardserver.grpc.ShardCluster.FIRST;
import static org.tallyring.shardserver.grpc.ShardCluster.SECOND;

import io.grpc.Status.Code;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.Drain;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import org.tallyring.proto.v1.CreateMetricRequest;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.Decision;
import org.tallyring.proto.v1.DeleteNamespaceRequest;
import org.tallyring.proto.v1.DrainShardRequest;
import org.tallyring.proto.v1.DrainShardResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetNamespaceRequest;
import org.tallyring.proto.v1.ListNamespacesRequest;
import org.tallyring.proto.v1.ListRangesRequest;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.MoveReason;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RangeMove;
import org.tallyring.proto.v1.RangeStatus;
import org.tallyring.proto.v1.RebalanceRequest;
import org.tallyring.proto.v1.RebalanceResponse;
import org.tallyring.shardserver.coordination.NamespaceStore;
import org.tallyring.shardserver.coordination.Versioned;

final class AdminTest {

  private static final NamespaceDefinition SHOP =
      NamespaceDefinition.newBuilder()
          .setName("shop")
          .addMetrics(MetricDefinition.newBuilder().setName("views"))
          .build();

  @RegisterExtension final InProcessGrpc grpc = new InProcessGrpc();

  private ShardCluster cluster;
  private AdminServiceBlockingStub admin;

  @BeforeEach
  void startCluster() {
    cluster = new ShardCluster(grpc);
    admin = AdminServiceGrpc.newBlockingStub(cluster.channel(FIRST));
  }

  private NamespaceDefinition create(NamespaceDefinition definition) {
    return admin
        .createNamespace(CreateNamespaceRequest.newBuilder().setNamespace(definition).build())
        .getNamespace();
  }

  private NamespaceDefinition addMetric(String namespace, String metric) {
    return admin
        .createMetric(
            CreateMetricRequest.newBuilder()
                .setNamespace(namespace)
                .setMetric(MetricDefinition.newBuilder().setName(metric))
                .build())
        .getNamespace();
  }

  private NamespaceDefinition get(String name) {
    return admin
        .getNamespace(GetNamespaceRequest.newBuilder().setName(name).build())
        .getNamespace();
  }

  private void delete(String name) {
    admin.deleteNamespace(DeleteNamespaceRequest.newBuilder().setName(name).build());
  }

  private static List<String> metrics(NamespaceDefinition namespace) {
    return namespace.getMetricsList().stream().map(MetricDefinition::getName).toList();
  }

  @Test
  void creatingTheSameNamespaceAgainAnswersWithTheStoredOne() {
    NamespaceDefinition first = create(SHOP.toBuilder().setUid(-5).build());
    assertThat(first.getUid()).isPositive();
    assertThat(metrics(first)).containsExactly("views");
    assertThat(create(SHOP)).isEqualTo(first);
    // The view does not know it yet.
    assertThat(get("shop")).isEqualTo(first);

    refusal(
        Code.ALREADY_EXISTS,
        ErrorReason.ERROR_REASON_NAMESPACE_EXISTS,
        () -> create(SHOP.toBuilder().setLatenessMillis(5).build()));
    assertThat(get("shop")).isEqualTo(first);
  }

  @Test
  void aNamespaceWithoutMetricsGetsTheMetricClicks() {
    assertThat(metrics(create(NamespaceDefinition.newBuilder().setName("shop").build())))
        .containsExactly("clicks");
  }

  private NamespaceStore store() {
    return cluster.connection(SECOND).namespaces();
  }

  @Test
  void aNamespaceDeletedWhileItIsCreatedAgainIsCreated() {
    NamespaceDefinition other = create(SHOP.toBuilder().setLatenessMillis(5).build());
    cluster.coordination.namespaces().happensAfterNextConflict(() -> store().delete("shop", 0));
    NamespaceDefinition created = create(SHOP);

    assertThat(created.getUid()).isNotEqualTo(other.getUid());
    assertThat(created.hasLatenessMillis()).isFalse();
  }

  @Test
  void twoMetricsAddedAtOnceAreBothThere() {
    NamespaceDefinition shop = create(SHOP);
    NamespaceDefinition meanwhile =
        shop.toBuilder().addMetrics(MetricDefinition.newBuilder().setName("likes")).build();
    cluster.coordination.namespaces().happensBeforeNext(() -> store().compareAndSet(0, meanwhile));

    assertThat(metrics(addMetric("shop", "sales"))).containsExactly("views", "likes", "sales");
    assertThat(addMetric("shop", "sales")).isEqualTo(get("shop"));
    assertThat(get("shop").getUid()).isEqualTo(shop.getUid());
  }

  @Test
  void aMetricWithoutANamespaceGoesToDefault() {
    assertThat(metrics(addMetric("", "sales"))).containsExactly("clicks", "sales");
  }

  @Test
  void aDeletedNamespaceIsGoneButDefaultStays() {
    create(SHOP);
    delete("shop");
    for (String absent : List.of("shop", "never")) {
      refusal(Code.NOT_FOUND, ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND, () -> delete(absent));
      refusal(Code.NOT_FOUND, ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND, () -> get(absent));
      refusal(
          Code.NOT_FOUND,
          ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND,
          () -> addMetric(absent, "sales"));
    }
    refusal(
        Code.FAILED_PRECONDITION,
        ErrorReason.ERROR_REASON_NAMESPACE_PROTECTED,
        () -> delete("default"));
    assertThat(get("default")).isEqualTo(ShardCluster.DEFAULT);
  }

  @Test
  void badDefinitionsAreRefused() {
    refusal(
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_NAME,
        () -> create(NamespaceDefinition.getDefaultInstance()));
    refusal(
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_NAME,
        () -> create(SHOP.toBuilder().addMetrics(SHOP.getMetrics(0)).build()));
    refusal(
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_PARAMETER,
        () -> create(SHOP.toBuilder().setLatenessMillis(-1).build()));
    NamespaceDefinition.Builder many = SHOP.toBuilder();
    for (int i = 0; i < 64; i++) {
      many.addMetrics(MetricDefinition.newBuilder().setName("metric-" + i));
    }
    refusal(Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BAD_SIZE, () -> create(many.build()));
    refusal(
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_NAME,
        () -> addMetric("shop", "Bad Metric"));
    refusal(Code.NOT_FOUND, ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND, () -> get("shop"));
  }

  @Test
  void aStoreThatDoesNotAnswerIsUnavailableAndNoDefect() {
    cluster.connection(FIRST).suspend();
    for (Runnable call :
        List.<Runnable>of(
            () -> create(SHOP),
            () -> addMetric("default", "sales"),
            () -> delete("shop"),
            () -> get("shop"))) {
      Throwable failure = refusal(Code.UNAVAILABLE, ErrorReason.ERROR_REASON_NO_SESSION, call::run);
      assertThat(failure).hasMessageNotContaining("out of touch");
    }
  }

  @Test
  void namespacesAreListedByName() {
    store().compareAndSet(Versioned.ABSENT, SHOP);
    store().compareAndSet(Versioned.ABSENT, SHOP.toBuilder().setName("art").build());
    cluster.tell();

    assertThat(admin.listNamespaces(ListNamespacesRequest.getDefaultInstance()).getNamespacesList())
        .extracting(NamespaceDefinition::getName)
        .containsExactly("art", "default", "shop");
  }

  @Test
  void rangesAreListedByNumberFromAllOwnersThatAnswer() {
    assertThat(ranges(false)).containsExactly("0 " + FIRST, "1 " + FIRST, "2 " + SECOND);
    assertThat(ranges(true)).containsExactly("0 " + FIRST, "1 " + FIRST);
    cluster.unplug(SECOND);
    assertThat(ranges(false)).containsExactly("0 " + FIRST, "1 " + FIRST);
  }

  private List<String> ranges(boolean localOnly) {
    return admin
        .listRanges(ListRangesRequest.newBuilder().setLocalOnly(localOnly).build())
        .getRangesList()
        .stream()
        .map((RangeStatus range) -> range.getRangeId() + " " + range.getOwner())
        .toList();
  }

  private DrainShardResponse drain(String shard) {
    return admin.drainShard(DrainShardRequest.newBuilder().setShardId(shard).build());
  }

  @Test
  void aWishToDrainIsStoredOnceAndNamesTheProcess() {
    assertThat(drain(SECOND).getRangesLeft()).isEqualTo(1);
    cluster.tell();
    int version = cluster.coordination.assignment().version();
    assertThat(drain(SECOND).getRangesLeft()).isEqualTo(1);

    AssignmentTarget stored = cluster.coordination.assignment().value();
    assertThat(stored.getDrainsList())
        .containsExactly(
            Drain.newBuilder().setShardId(SECOND).setIncarnation(SECOND.hashCode()).build());
    assertThat(stored.getOwners(2)).as("what the controller decides").isEqualTo(SECOND);
    assertThat(cluster.coordination.assignment().version()).isEqualTo(version);
  }

  @Test
  void aDrainIsRefusedForUnknownAndForLastShards() {
    refusal(Code.NOT_FOUND, ErrorReason.ERROR_REASON_SHARD_NOT_FOUND, () -> drain("shard-9"));
    refusal(Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BAD_NAME, () -> drain("no such/shard"));
    assertThat(cluster.coordination.assignment().value().getDrainsList()).isEmpty();
    drain(FIRST);
    cluster.tell();
    refusal(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_LAST_SHARD, () -> drain(SECOND));
    assertThat(cluster.coordination.assignment().value().getDrainsList()).hasSize(1);
  }

  @Test
  void aDrainOutlastsAnotherChangeOfTheAssignment() {
    cluster.coordination.happensBeforeNextAssignment(
        () ->
            cluster.coordination.assign(
                cluster.coordination.assignment().value().toBuilder().setReason("other").build()));
    drain(SECOND);

    assertThat(cluster.coordination.assignment().value().getReason()).isEqualTo("other");
    assertThat(cluster.coordination.assignment().value().getDrainsList()).hasSize(1);
  }

  @Test
  void theControllerRebalancesWhoeverIsAsked() {
    refusal(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_NOT_READY,
        () -> admin.rebalance(RebalanceRequest.getDefaultInstance()));
    cluster.elect(SECOND);
    RebalanceResponse dry = admin.rebalance(RebalanceRequest.newBuilder().setDryRun(true).build());
    cluster.elect(FIRST);
    admin.rebalance(RebalanceRequest.getDefaultInstance());

    assertThat(cluster.rebalanced).containsExactly(SECOND + " dry", FIRST);
    assertThat(dry.getMovesList())
        .containsExactly(
            RangeMove.newBuilder()
                .setRangeId(2)
                .setFrom(SECOND)
                .setTo(FIRST)
                .setReason(MoveReason.MOVE_REASON_HEAVY)
                .build());
    assertThat(dry.getRangesMoving()).isEqualTo(1);
    assertThat(dry.getDecisionsList())
        .extracting(Decision::getReason)
        .containsExactly("newer", "older");
    cluster.elect(SECOND);
    cluster.unplug(SECOND);
    refusal(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_NOT_READY,
        () -> admin.rebalance(RebalanceRequest.getDefaultInstance()));
  }

  @Test
  void loadsAreKnownWhenEveryRangeWasMeasuredForHalfAMinute() {
    RangeStatus measured =
        RangeStatus.newBuilder().setMeasuredMillis(30_000).setIncrementsPerSecond(5_000).build();
    RangeStatus tooNew = measured.toBuilder().setMeasuredMillis(29_999).build();
    assertThat(RangeListing.loads(List.of(measured, measured), 2)).isPresent();
    assertThat(RangeListing.loads(List.of(measured, tooNew), 2)).isEmpty();
    assertThat(RangeListing.loads(List.of(measured, measured), 3)).isEmpty();
  }
}
