package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.grpc.Refusals.refusal;
import static org.tallyring.shardserver.grpc.ShardCluster.FIRST;
import static org.tallyring.shardserver.grpc.ShardCluster.NOW;
import static org.tallyring.shardserver.grpc.ShardCluster.SECOND;
import static org.tallyring.shardserver.grpc.ShardCluster.UNOWNED;
import static org.tallyring.shardserver.grpc.ShardCluster.key;

import com.google.protobuf.ByteString;
import io.grpc.Status.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.AcceptedBatches;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.JournalPosition;
import org.tallyring.proto.v1.LogEntry;
import org.tallyring.proto.v1.Mismatch;
import org.tallyring.proto.v1.RangeVerification;
import org.tallyring.proto.v1.ReadLogRequest;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.VerifyRangesRequest;
import org.tallyring.proto.v1.VerifyRangesResponse;
import org.tallyring.proto.v1.Window;

/** VerifyRanges and ReadLog, on shards that own a part of the ranges each. */
final class AuditTest {

  @RegisterExtension final InProcessGrpc grpc = new InProcessGrpc();

  private ShardCluster cluster;
  private AdminServiceBlockingStub admin;

  @BeforeEach
  void startCluster() {
    cluster = new ShardCluster(grpc);
    admin = AdminServiceGrpc.newBlockingStub(cluster.channel(FIRST));
  }

  private void record(int rangeId, int calls) {
    RecordRequest request =
        RecordRequest.newBuilder()
            .addIncrements(Increment.newBuilder().setKey(key(rangeId)).setMetric("clicks"))
            .build();
    for (int i = 0; i < calls; i++) {
      CounterServiceGrpc.newBlockingStub(cluster.channel(FIRST)).record(request);
    }
  }

  private Map<Integer, RangeVerification> verify(Integer... rangeIds) {
    Map<Integer, RangeVerification> found = new TreeMap<>();
    admin
        .verifyRanges(VerifyRangesRequest.newBuilder().addAllRangeIds(List.of(rangeIds)).build())
        .forEachRemaining(
            (VerifyRangesResponse response) -> {
              assertThat(response.getRangesTotal())
                  .isEqualTo(rangeIds.length == 0 ? 4 : Set.of(rangeIds).size());
              found.put(response.getRange().getRangeId(), response.getRange());
            });
    return found;
  }

  private static RangeVerification of(Map<Integer, RangeVerification> found, int rangeId) {
    return Objects.requireNonNull(found.get(rangeId));
  }

  @Test
  void anyShardVerifiesAllRangesAndSaysWhichItCannot() {
    record(0, 3);
    record(2, 2);
    Map<Integer, RangeVerification> found = verify();

    assertThat(found).containsOnlyKeys(0, 1, 2, UNOWNED);
    assertThat(found.get(0))
        .isEqualTo(
            RangeVerification.newBuilder()
                .setRangeId(0)
                .setOwner(FIRST)
                .setEpoch(1)
                .setReplayedTo(JournalPosition.newBuilder().setSegment(1).setEntry(3))
                .setEntries(3)
                .setKeys(1)
                .build());
    assertThat(of(found, 2).getOwner()).isEqualTo(SECOND);
    assertThat(of(found, 2).getEntries()).isEqualTo(2);
    assertThat(of(found, UNOWNED).getProblem()).isEqualTo("no shard serves it at the moment");
    assertThat(verify(2, 1)).containsOnlyKeys(1, 2);
  }

  @Test
  void anOwnerThatDoesNotAnswerIsAProblemOfItsRangesAlone() {
    cluster.unplug(SECOND);
    Map<Integer, RangeVerification> found = verify(1, 2);

    assertThat(of(found, 1).getProblem()).isEmpty();
    assertThat(of(found, 2).getProblem()).isEqualTo("its owner does not answer");
  }

  @Test
  void aCountChangedBehindTheJournalsBackIsTold() {
    record(2, 1);
    JournalEntry smuggled =
        JournalEntry.newBuilder()
            .setBatches(
                AcceptedBatches.newBuilder()
                    .addBatches(
                        AcceptedBatch.newBuilder()
                            .setNamespaceUid(ShardCluster.DEFAULT.getUid())
                            .setAcceptedAtMillis(NOW)
                            .setBatch(ShardCluster.batch(2, 1).getBatch().toByteString())))
            .build();
    cluster
        .range(SECOND, 2)
        .read(
            engine -> {
              engine.apply(smuggled);
              return true;
            })
        .join();
    RangeVerification found = of(verify(2), 2);

    assertThat(found.getMismatchCount()).isEqualTo(found.getMismatchesCount()).isPositive();
    assertThat(found.getMismatchesList())
        .contains(
            Mismatch.newBuilder()
                .setWhat("count")
                .setNamespace("default")
                .setMetric("clicks")
                .setKey(key(2))
                .setWindow(Window.WINDOW_ALL)
                .setStored(2)
                .setReplayed(1)
                .build());
  }

  @Test
  void rangesThatThereAreNotAreRefused() {
    refusal(Code.NOT_FOUND, ErrorReason.ERROR_REASON_RANGE_NOT_FOUND, () -> verify(4));
    refusal(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_RANGE_NOT_FOUND,
        () -> log(ReadLogRequest.newBuilder().setRangeId(-1)));
  }

  private List<LogEntry> log(ReadLogRequest.Builder request) {
    List<LogEntry> entries = new ArrayList<>();
    admin.readLog(request.build()).forEachRemaining(response -> entries.add(response.getEntry()));
    return entries;
  }

  private static ReadLogRequest.Builder from(int rangeId, long segment, long entry) {
    return ReadLogRequest.newBuilder()
        .setRangeId(rangeId)
        .setFrom(JournalPosition.newBuilder().setSegment(segment).setEntry(entry));
  }

  private static List<String> places(List<LogEntry> entries) {
    return entries.stream()
        .map(each -> each.getPosition().getSegment() + ":" + each.getPosition().getEntry())
        .toList();
  }

  @Test
  void aJournalIsToldByItsOwnerWhoeverIsAsked() {
    for (int rangeId : new int[] {0, 2}) {
      record(rangeId, 20);
      List<LogEntry> entries = log(ReadLogRequest.newBuilder().setRangeId(rangeId));

      assertThat(entries).hasSize(21);
      assertThat(entries.get(0).hasSegmentBegun()).isTrue();
      assertThat(entries)
          .allMatch(each -> each.getOwner().equals(rangeId == 0 ? FIRST : SECOND))
          .allMatch(each -> each.getEpoch() == 1);
      assertThat(entries.get(20).getBatches().getBatches(0).getBatch().getKeys())
          .isEqualTo(key(rangeId));
      assertThat(entries.get(20).getBatches().getBatches(0).getAcceptedAtMillis()).isEqualTo(NOW);
    }
  }

  @Test
  void aReadingBeginsWhereItIsToldAndKnowsWhoWroteItAndEndsAtItsLimit() {
    record(0, 12);
    assertThat(places(log(from(0, 1, 11)))).containsExactly("1:11", "1:12");
    assertThat(places(log(from(0, 1, 3).setLimit(2)))).containsExactly("1:3", "1:4");
    assertThat(places(log(from(0, 0, 0).setLimit(1)))).containsExactly("1:0");
    assertThat(log(from(0, 1, 1).setLimit(1))).allMatch(each -> each.getOwner().equals(FIRST));
    assertThat(log(from(0, 1, 13))).isEmpty();
    assertThat(log(from(0, 9, 0))).isEmpty();
    refusal(
        Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BAD_PARAMETER, () -> log(from(0, 1, -1)));
  }

  @Test
  void rowsWhoseEventIdsHadCountedAreToldFromThoseThatCounted() {
    Increment.Builder increment =
        Increment.newBuilder()
            .setKey(key(2))
            .setMetric("clicks")
            .setEventTimeMillis(NOW)
            .setEventId(ByteString.copyFromUtf8("once"));
    for (int i = 0; i < 2; i++) {
      CounterServiceGrpc.newBlockingStub(cluster.channel(FIRST))
          .record(RecordRequest.newBuilder().addIncrements(increment).build());
    }
    List<LogEntry> entries = log(ReadLogRequest.newBuilder().setRangeId(2).setCounted(true));

    assertThat(entries)
        .filteredOn(LogEntry::hasBatches)
        .extracting(entry -> entry.getBatches().getBatches(0).getDuplicateRowsList())
        .containsExactly(List.of(), List.of(0));
  }

  @Test
  void whatCountedIsNotToldOnceTheJournalsBeginningIsGone() {
    record(0, 3);
    cluster
        .coordination
        .ranges()
        .tamper(
            0,
            record -> {
              RangeRecord.Builder changed = record.toBuilder();
              changed.getSegmentsBuilder(0).setNumber(2);
              return changed.build();
            });
    refusal(
        Code.FAILED_PRECONDITION,
        ErrorReason.ERROR_REASON_JOURNAL_NOT_KEPT,
        () -> log(ReadLogRequest.newBuilder().setRangeId(0).setCounted(true)));
  }

  @Test
  void onlyTheNamespaceAskedForIsTold() {
    record(0, 2);
    ReadLogRequest.Builder request = ReadLogRequest.newBuilder().setRangeId(0);

    assertThat(places(log(request.setNamespace("default")))).containsExactly("1:1", "1:2");
    assertThat(log(request.setNamespace("other"))).isEmpty();
  }

  @Test
  void aRangeThatNobodyServesCannotBeRead() {
    refusal(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_RANGE_UNAVAILABLE,
        () -> log(ReadLogRequest.newBuilder().setRangeId(UNOWNED)));
  }
}
