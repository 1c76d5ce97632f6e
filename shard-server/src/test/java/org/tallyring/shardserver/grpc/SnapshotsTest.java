package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.NamedSnapshot;
import org.tallyring.proto.internal.v1.NamespaceRestored;
import org.tallyring.proto.internal.v1.PortableBlock;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.StageNamespaceRequest;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.CounterServiceGrpc.CounterServiceBlockingStub;
import org.tallyring.proto.v1.CreateMetricRequest;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.CreateSnapshotRequest;
import org.tallyring.proto.v1.CreateSnapshotResponse;
import org.tallyring.proto.v1.DeleteSnapshotRequest;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.ExportSnapshotRequest;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.ImportSnapshotRequest;
import org.tallyring.proto.v1.ImportSnapshotResponse;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.ListSnapshotsRequest;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RestoreSnapshotRequest;
import org.tallyring.proto.v1.RestoreSnapshotResponse;
import org.tallyring.proto.v1.SnapshotInfo;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;

/** Snapshots through the services of two shards. */
class SnapshotsTest {

  private static final int KEYS = 30;

  @RegisterExtension final InProcessGrpc grpc = new InProcessGrpc();

  private ShardCluster cluster;
  private AdminServiceBlockingStub admin;
  private CounterServiceBlockingStub counter;

  @BeforeEach
  void start() {
    cluster = new ShardCluster(grpc);
    cluster.assign(ShardCluster.UNOWNED, ShardCluster.SECOND);
    admin = AdminServiceGrpc.newBlockingStub(cluster.channel(ShardCluster.FIRST));
    counter = CounterServiceGrpc.newBlockingStub(cluster.channel(ShardCluster.SECOND));
    create("shop", "clicks");
    cluster.tell();
    record("shop", 1);
  }

  private void create(String name, String metric) {
    admin.createNamespace(
        CreateNamespaceRequest.newBuilder()
            .setNamespace(
                NamespaceDefinition.newBuilder()
                    .setName(name)
                    .addMetrics(MetricDefinition.newBuilder().setName(metric)))
            .build());
  }

  /** Adds to key i the factor times i + 1. */
  private void record(String namespace, long factor) {
    RecordRequest.Builder request = RecordRequest.newBuilder().setNamespace(namespace);
    for (int i = 0; i < KEYS; i++) {
      request.addIncrements(
          Increment.newBuilder()
              .setMetric("clicks")
              .setKey(key(i))
              .setDelta(factor * (i + 1))
              .setEventTimeMillis(ShardCluster.NOW));
    }
    counter.record(request.build());
  }

  private static ByteString key(int number) {
    return ByteString.copyFromUtf8("key-" + number);
  }

  private void assertCounts(String namespace, long factor) {
    GetCountsRequest.Builder request =
        GetCountsRequest.newBuilder()
            .setNamespace(namespace)
            .setMetric("clicks")
            .setWindow(WindowSelector.newBuilder().setWindow(Window.WINDOW_ALL));
    for (int i = 0; i < KEYS; i++) {
      request.addKeys(key(i));
    }
    List<Long> counts =
        counter.getCounts(request.build()).getCountsList().stream()
            .map(KeyCount::getCount)
            .toList();
    assertThat(counts).hasSize(KEYS);
    for (int i = 0; i < KEYS; i++) {
      assertThat(counts.get(i)).as("key-%d", i).isEqualTo(factor * (i + 1));
    }
  }

  private SnapshotInfo snapshot(String name, String namespace) {
    CreateSnapshotResponse last = CreateSnapshotResponse.getDefaultInstance();
    Iterator<CreateSnapshotResponse> answers =
        admin.createSnapshot(
            CreateSnapshotRequest.newBuilder().setName(name).setNamespace(namespace).build());
    while (answers.hasNext()) {
      last = answers.next();
    }
    return last.getSnapshot();
  }

  private RestoreSnapshotResponse restore(String name, String namespace) {
    RestoreSnapshotResponse last = RestoreSnapshotResponse.getDefaultInstance();
    Iterator<RestoreSnapshotResponse> answers =
        admin.restoreSnapshot(
            RestoreSnapshotRequest.newBuilder().setName(name).setNamespace(namespace).build());
    while (answers.hasNext()) {
      last = answers.next();
    }
    cluster.tell();
    return last;
  }

  private List<SnapshotInfo> list() {
    return admin.listSnapshots(ListSnapshotsRequest.getDefaultInstance()).getSnapshotsList();
  }

  @Test
  void aSnapshotIsRestoredIntoANewNamespaceWhoseKeysLieElsewhere() {
    SnapshotInfo made = snapshot("monday", "shop");
    record("shop", 10);

    RestoreSnapshotResponse restored = restore("monday", "then");

    assertThat(made.getComplete()).isTrue();
    assertThat(made.getKeys()).isEqualTo(KEYS);
    assertThat(list()).containsExactly(made);
    assertThat(restored.getKeys()).isEqualTo(KEYS);
    assertThat(restored.getNamespace()).isEqualTo("then");
    assertCounts("then", 1);
    assertCounts("shop", 11);
  }

  @Test
  void aRestoredNamespaceCountsOnInItsOwnPlace() {
    snapshot("monday", "shop");
    record("shop", 10);

    restore("monday", "");
    assertCounts("shop", 1);
    record("shop", 3);

    assertCounts("shop", 4);
  }

  @Test
  void whatAShardAdmitsThatHasNotSeenTheRestoreYetCountsInWhatWasRestored() {
    snapshot("monday", "shop");
    record("shop", 10);
    Iterator<RestoreSnapshotResponse> answers =
        admin.restoreSnapshot(RestoreSnapshotRequest.newBuilder().setName("monday").build());
    answers.forEachRemaining(answer -> {});

    // The second shard's view still has the namespace that was replaced.
    record("shop", 3);

    assertCounts("shop", 4);
    cluster.tell();
    assertCounts("shop", 4);
  }

  @Test
  void anExportIsImportedUnderAnotherName() throws InterruptedException {
    snapshot("monday", "shop");
    List<ByteString> blocks = export("monday");

    List<Object> answers = importBlocks("copy", blocks);

    assertThat(answers.get(answers.size() - 1)).isInstanceOf(ImportSnapshotResponse.class);
    assertThat(list()).extracting(SnapshotInfo::getName).containsExactly("copy", "monday");
    restore("copy", "then");
    assertCounts("then", 1);
  }

  @Test
  void anExportOfAClusterWithMoreRangesIsRestored() throws Exception {
    snapshot("monday", "shop");
    List<ByteString> blocks = new ArrayList<>();
    for (ByteString block : export("monday")) {
      PortableBlock.Builder ofMore = PortableBlock.parseFrom(block).toBuilder();
      if (ofMore.hasHeader()) {
        ofMore.getHeaderBuilder().addAllPartKeys(List.of(0L, 0L, 0L, 0L, 0L));
      } else {
        ofMore.getChunkBuilder().setPart(2 * ofMore.getChunk().getPart() + 1);
      }
      blocks.add(ofMore.build().toByteString());
    }

    importBlocks("copy", blocks);

    assertThat(list().get(0).getRanges()).isEqualTo(9);
    restore("copy", "then");
    assertCounts("then", 1);
  }

  private List<ByteString> export(String name) {
    List<ByteString> blocks = new ArrayList<>();
    admin
        .exportSnapshot(ExportSnapshotRequest.newBuilder().setName(name).build())
        .forEachRemaining(response -> blocks.add(response.getBlock()));
    return blocks;
  }

  /** Sends blocks one after the other; the answers, the last of which may be a failure. */
  private List<Object> importBlocks(String name, List<ByteString> blocks)
      throws InterruptedException {
    BlockingQueue<Object> answered = new LinkedBlockingQueue<>();
    StreamObserver<ImportSnapshotRequest> requests =
        AdminServiceGrpc.newStub(cluster.channel(ShardCluster.SECOND))
            .importSnapshot(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ImportSnapshotResponse response) {
                    answered.add(response);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    answered.add(failure);
                  }

                  @Override
                  public void onCompleted() {}
                });
    List<Object> answers = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      requests.onNext(
          ImportSnapshotRequest.newBuilder()
              .setName(name)
              .setBlock(blocks.get(i))
              .setLast(i == blocks.size() - 1)
              .build());
      Object answer = answered.poll(20, TimeUnit.SECONDS);
      answers.add(answer);
      if (!(answer instanceof ImportSnapshotResponse)) {
        return answers;
      }
    }
    requests.onCompleted();
    return answers;
  }

  @Test
  void anImportThatIsDamagedIsRefusedAndLeavesNothing() throws InterruptedException {
    snapshot("monday", "shop");
    int stored = cluster.archive.size();
    List<ByteString> blocks = new ArrayList<>(export("monday"));
    PortableBlock.Builder damaged = PortableBlock.newBuilder();
    damaged.getChunkBuilder().setPart(3).setPieces(ByteString.copyFromUtf8("nothing"));
    blocks.add(damaged.build().toByteString());

    List<Object> answers = importBlocks("copy", blocks.subList(0, 1));
    assertThat(answers).hasSize(1);
    admin.deleteSnapshot(DeleteSnapshotRequest.newBuilder().setName("copy").build());
    answers = importBlocks("copy", List.of(blocks.get(0), blocks.get(blocks.size() - 1)));

    assertRefused(
        (Throwable) answers.get(answers.size() - 1),
        Code.INVALID_ARGUMENT,
        ErrorReason.ERROR_REASON_BAD_SNAPSHOT);
    assertThat(list()).extracting(SnapshotInfo::getName).containsExactly("monday");
    assertThat(cluster.archive.size()).isEqualTo(stored);
  }

  @Test
  void aSnapshotThatWasChangedInTheArchiveChangesNothing() {
    snapshot("monday", "shop");
    NamedSnapshot stored = cluster.coordination.snapshots().stored("monday").value();
    cluster.archive.replace(stored.getParts(0).getLedger(), List.of(new byte[] {3, 1, 2, 3, 4, 5}));

    assertThatThrownBy(() -> restore("monday", ""))
        .satisfies(e -> assertRefused(e, Code.DATA_LOSS, ErrorReason.ERROR_REASON_BAD_SNAPSHOT));
    assertThatThrownBy(() -> restore("monday", "then"));

    assertCounts("shop", 1);
    assertThat(cluster.coordination.namespaces().stored("then").version()).isNegative();
  }

  @Test
  void aRestoreThatStoppedHalfWayIsNotServedAndCanBeRepeated() {
    snapshot("monday", "shop");
    RangeServiceGrpc.newBlockingStub(cluster.channel(ShardCluster.FIRST))
        .stageNamespace(
            StageNamespaceRequest.newBuilder()
                .setRangeId(0)
                .setPiece(
                    NamespaceRestored.newBuilder()
                        .setNamespaceUid(4711)
                        .setSequence(1)
                        .setDefinition(NamespaceDefinition.newBuilder().setName("then")))
                .build());
    assertThatThrownBy(() -> assertCounts("then", 1))
        .satisfies(
            e -> assertRefused(e, Code.NOT_FOUND, ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND));

    restore("monday", "then");

    assertCounts("then", 1);
  }

  @Test
  void aChangeOfTheNamespaceMeanwhileEndsTheRestoreAndStays() {
    snapshot("monday", "shop");
    record("shop", 10);
    cluster
        .coordination
        .namespaces()
        .happensBeforeNext(
            () ->
                cluster
                    .coordination
                    .namespaces()
                    .tamper(
                        "shop",
                        before ->
                            before.toBuilder().setRevision(before.getRevision() + 1).build()));

    assertThatThrownBy(() -> restore("monday", ""))
        .satisfies(e -> assertRefused(e, Code.ABORTED, ErrorReason.ERROR_REASON_SNAPSHOT_CONFLICT));
    assertCounts("shop", 11);

    restore("monday", "");
    assertCounts("shop", 1);
  }

  @Test
  void refusesWhatCannotBe() {
    snapshot("monday", "shop");
    create("other", "views");

    assertThatThrownBy(() -> snapshot("monday", "shop"))
        .satisfies(
            e -> assertRefused(e, Code.ALREADY_EXISTS, ErrorReason.ERROR_REASON_SNAPSHOT_EXISTS));
    assertThatThrownBy(() -> snapshot("Monday!", "shop"))
        .satisfies(e -> assertRefused(e, Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BAD_NAME));
    assertThatThrownBy(() -> snapshot("tuesday", "nowhere"))
        .satisfies(
            e -> assertRefused(e, Code.NOT_FOUND, ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND));
    assertThatThrownBy(() -> restore("sunday", ""))
        .satisfies(
            e -> assertRefused(e, Code.NOT_FOUND, ErrorReason.ERROR_REASON_SNAPSHOT_NOT_FOUND));
    assertThatThrownBy(() -> restore("monday", "other"))
        .satisfies(
            e ->
                assertRefused(
                    e, Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_SNAPSHOT_MISMATCH));
    assertThat(list()).extracting(SnapshotInfo::getName).containsExactly("monday");
  }

  @Test
  void aDeletedSnapshotIsGoneWithItsParts() {
    snapshot("monday", "shop");

    admin.deleteSnapshot(DeleteSnapshotRequest.newBuilder().setName("monday").build());

    assertThat(list()).isEmpty();
    assertThat(cluster.archive.size()).isZero();
    assertThatThrownBy(
            () ->
                admin.deleteSnapshot(DeleteSnapshotRequest.newBuilder().setName("monday").build()))
        .satisfies(
            e -> assertRefused(e, Code.NOT_FOUND, ErrorReason.ERROR_REASON_SNAPSHOT_NOT_FOUND));
  }

  @Test
  void aDefinitionThatRangesHaveNotHeardOfIsInEffectInTheCut() {
    admin.createMetric(
        CreateMetricRequest.newBuilder()
            .setNamespace("shop")
            .setMetric(MetricDefinition.newBuilder().setName("views"))
            .build());

    snapshot("monday", "shop");
    restore("monday", "then");

    assertCounts("then", 1);
  }

  private static void assertRefused(Throwable e, Code code, ErrorReason reason) {
    assertThat(Status.fromThrowable(e).getCode()).isEqualTo(code);
    assertThat(Errors.reasonOf(e)).isEqualTo(reason);
  }
}
