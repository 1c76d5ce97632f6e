package org.tallyring.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.proto.v1.JournalPosition;
import org.tallyring.proto.v1.LogEntry;
import org.tallyring.proto.v1.LoggedBatch;
import org.tallyring.proto.v1.LoggedBatches;
import org.tallyring.proto.v1.LoggedDefinition;
import org.tallyring.proto.v1.LoggedDeletion;
import org.tallyring.proto.v1.Mismatch;
import org.tallyring.proto.v1.RangeVerification;
import org.tallyring.proto.v1.ReadLogRequest;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.SegmentBegun;
import org.tallyring.proto.v1.VerifyRangesRequest;
import org.tallyring.proto.v1.Window;

/** The verbs verify and log, against a cluster that tells what the test says. */
final class AuditTest {

  /** 2012-07-04T07:15:00Z. */
  private static final long TIME = 1_341_386_100_000L;

  private final FakeCluster cluster = FakeCluster.start();
  private final Shell shell = new Shell();

  @AfterEach
  void stop() {
    cluster.close();
  }

  private Shell.Outcome run(String... arguments) {
    String[] all = new String[arguments.length + 2];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    all[arguments.length] = "--server";
    all[arguments.length + 1] = cluster.address();
    return shell.run(all);
  }

  private static RangeVerification.Builder range(int rangeId) {
    return RangeVerification.newBuilder().setRangeId(rangeId).setEntries(4).setKeys(10);
  }

  private static Mismatch.Builder count(long stored, long replayed) {
    return Mismatch.newBuilder()
        .setWhat("count")
        .setNamespace("shop")
        .setMetric("clicks")
        .setKey(ByteString.copyFromUtf8("ä b"))
        .setWindow(Window.WINDOW_DAY)
        .setStartMillis(TIME)
        .setStored(stored)
        .setReplayed(replayed);
  }

  @Test
  void equalRangesEndWithOneLineAndSuccess() {
    cluster.verify(range(0).build());
    cluster.verify(range(1).build());
    Shell.Outcome outcome = run("verify");

    assertThat(outcome.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(outcome.outLines()).containsExactly("verified 2 ranges, 20 keys, 0 mismatches");
    assertThat(outcome.err()).isEmpty();
  }

  @Test
  void mismatchesAreShownAndFail() {
    cluster.verify(
        range(0)
            .setMismatchCount(30)
            .addMismatches(count(4, 3))
            .addMismatches(
                Mismatch.newBuilder()
                    .setSnapshot(JournalPosition.newBuilder().setSegment(2).setEntry(17))
                    .setWhat("session")
                    .setKey(ByteString.copyFrom(new byte[] {1, -1}))
                    .setReplayed(5))
            .build());
    Shell.Outcome tsv = run("verify", "--output", "tsv");
    Shell.Outcome table = run("verify");
    Shell.Outcome json = run("verify", "--output", "json");

    assertThat(tsv.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(tsv.outLines())
        .containsExactly(
            "0\tlive\tcount\tshop\tclicks\tä b\tday\t2012-07-04T07:15:00Z\t4\t3",
            "0\tsnapshot 2:17\tsession\t\t\t01ff\t\t\t0\t5");
    assertThat(tsv.err())
        .contains("range 0: 30 mismatches, of which 2 are shown")
        .endsWith("verified 1 ranges, 10 keys, 30 mismatches\n");
    assertThat(table.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(table.out()).contains("WHAT").contains("snapshot 2:17");
    assertThat(table.outLines()).last().isEqualTo("verified 1 ranges, 10 keys, 30 mismatches");
    assertThat(json.outLines())
        .singleElement()
        .asString()
        .startsWith(
            "{\"ranges\":1,\"verified\":1,\"entries\":4,\"keys\":10,\"mismatches\":30,"
                + "\"found\":[{\"range\":0,\"state\":\"live\",\"what\":\"count\"");
  }

  @Test
  void aRangeThatCannotBeVerifiedFails() {
    cluster.verify(range(0).build());
    cluster.verify(
        RangeVerification.newBuilder().setRangeId(1).setProblem("no shard serves it").build());
    Shell.Outcome outcome = run("verify");

    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.outLines()).containsExactly("verified 1 of 2 ranges, 10 keys, 0 mismatches");
    assertThat(outcome.err()).contains("range 1: not verified: no shard serves it");
  }

  @Test
  void aVerificationGoesOnWithTheRangesThatWereNotToldYet() {
    for (int i = 0; i < 3; i++) {
      cluster.verify(range(i).build());
    }
    cluster.breakOffAfterOne();
    Shell.Outcome outcome = run("verify");

    assertThat(outcome.outLines()).containsExactly("verified 3 ranges, 30 keys, 0 mismatches");
    assertThat(cluster.verifyRequests())
        .extracting(VerifyRangesRequest::getRangeIdsList)
        .containsExactly(List.of(), List.of(1, 2));
    assertThat(run("verify", "2").outLines())
        .containsExactly("verified 1 ranges, 10 keys, 0 mismatches");
  }

  private static LogEntry.Builder entry(int number) {
    return LogEntry.newBuilder()
        .setPosition(JournalPosition.newBuilder().setSegment(1).setEntry(number))
        .setOwner("shard-1")
        .setEpoch(7);
  }

  private void fillLog() {
    cluster.log(entry(0).setSegmentBegun(SegmentBegun.getDefaultInstance()).build());
    cluster.log(
        entry(1)
            .setNamespaceDefined(
                LoggedDefinition.newBuilder()
                    .setName("shop")
                    .setNamespaceUid(9)
                    .setRevision(1)
                    .addMetrics("views")
                    .addMetrics("clicks"))
            .build());
    cluster.log(
        entry(2)
            .setBatches(
                LoggedBatches.newBuilder()
                    .addBatches(
                        LoggedBatch.newBuilder()
                            .setSessionId(ByteString.copyFrom(new byte[] {0, 17}))
                            .setAcceptedAtMillis(TIME)
                            .setBatch(
                                RecordBatch.newBuilder()
                                    .setNamespace("shop")
                                    .setSequence(3)
                                    .addMetrics("views")
                                    .addMetrics("clicks")
                                    .setKeys(ByteString.copyFromUtf8("aä b"))
                                    .addKeyLengths(1)
                                    .addKeyLengths(4)
                                    .addMetricIndexes(1)
                                    .addMetricIndexes(0)
                                    .addDeltas(5)
                                    .addDeltas(-2)
                                    .addTimeOffsetsMillis(-1000)
                                    .addTimeOffsetsMillis(0)
                                    .setUsers(ByteString.copyFromUtf8("eva"))
                                    .addUserLengths(0)
                                    .addUserLengths(3)
                                    .setEventIds(ByteString.copyFrom(new byte[] {2, 3}))
                                    .addEventIdLengths(2)
                                    .addEventIdLengths(0))))
            .build());
    cluster.log(
        entry(3).setNamespaceDeleted(LoggedDeletion.newBuilder().setNamespaceUid(9)).build());
  }

  @Test
  void aJournalIsPrintedEntryByEntry() {
    fillLog();
    Shell.Outcome outcome = run("log", "3", "--output", "tsv", "--namespace", "shop");

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.DONE);
    assertThat(outcome.outLines())
        .containsExactly(
            "1:0\t\tshard-1\t7\tsegment_begun\t\t\t\t",
            "1:1\t\tshard-1\t7\tnamespace_defined\tshop\t\t\tuid=9 revision=1"
                + " metrics=views,clicks",
            "1:2\t2012-07-04T07:15:00Z\tshard-1\t7\tbatch\tshop\t\t\tsession=0011 sequence=3"
                + " increments=2 sum=3 metrics=views,clicks",
            "1:3\t\tshard-1\t7\tnamespace_deleted\t\t\t\tuid=9");
    assertThat(cluster.logRequests())
        .containsExactly(ReadLogRequest.newBuilder().setRangeId(3).setNamespace("shop").build());
  }

  @Test
  void eachIncrementHasALineOfItsOwnIfAskedFor() {
    fillLog();
    Shell.Outcome tsv = run("log", "3", "--from", "1:2", "--rows", "--output", "tsv");
    Shell.Outcome json = run("log", "3", "--from", "1:2", "--rows", "--output", "json");
    Shell.Outcome table = run("log", "3", "--from", "1:2", "--rows");

    assertThat(tsv.outLines())
        .startsWith(
            "1:2\t2012-07-04T07:15:00Z\tshard-1\t7\tincrement\tshop\tclicks\ta\tdelta=5"
                + " event_time=2012-07-04T07:14:59Z event_id=0x0203 session=0011 sequence=3",
            "1:2\t2012-07-04T07:15:00Z\tshard-1\t7\tincrement\tshop\tviews\tä b\tdelta=-2"
                + " event_time=2012-07-04T07:15:00Z user=eva session=0011 sequence=3");
    assertThat(json.outLines())
        .first()
        .isEqualTo(
            "{\"place\":\"1:2\",\"kind\":\"increment\",\"owner\":\"shard-1\",\"epoch\":7,"
                + "\"accepted_at\":\"2012-07-04T07:15:00Z\",\"namespace\":\"shop\","
                + "\"metric\":\"clicks\",\"key\":\"a\",\"delta\":5,"
                + "\"event_time\":\"2012-07-04T07:14:59Z\",\"event_id\":\"0x0203\","
                + "\"session\":\"0011\",\"sequence\":3}");
    assertThat(table.outLines()).first().asString().contains("shard-1@7").contains("shop/clicks");
  }

  @Test
  void onlyWhatCountedOfAllRangesCanBeReplayed() {
    cluster.log(entry(0).setSegmentBegun(SegmentBegun.getDefaultInstance()).build());
    LoggedBatch.Builder batch =
        LoggedBatch.newBuilder()
            .setAcceptedAtMillis(TIME)
            .addDuplicateRows(1)
            .setBatch(
                RecordBatch.newBuilder()
                    .setNamespace("shop")
                    .addMetrics("clicks")
                    .setKeys(ByteString.copyFromUtf8("abc"))
                    .addAllKeyLengths(List.of(1, 1, 1)));
    cluster.log(entry(1).setBatches(LoggedBatches.newBuilder().addBatches(batch)).build());
    Shell.Outcome log = run("log", "--all", "--counted", "--output", "json");

    assertThat(log.exitCode()).as(log.err()).isEqualTo(ExitCode.DONE);
    // Both ranges of the cluster have the same journal.
    assertThat(log.outLines()).hasSize(4);
    assertThat(cluster.logRequests()).extracting(ReadLogRequest::getRangeId).containsExactly(0, 1);
    assertThat(cluster.logRequests()).allMatch(ReadLogRequest::getCounted);

    Shell.Outcome replay =
        shell.runWithInput(
            log.out(),
            "replay",
            "--format",
            "jsonl",
            "--key",
            "key",
            "--time",
            "event_time",
            "--time-format",
            "iso",
            "--metric-column",
            "metric",
            "--delta",
            "delta",
            "--user",
            "user",
            "-",
            "--namespace",
            "again",
            "--create",
            "--server",
            cluster.address());
    assertThat(replay.outLines())
        .as(replay.err())
        .last()
        .isEqualTo("recorded 4, duplicate 0, rejected 0");
  }

  @Test
  void aPrintGoesOnAfterTheLastEntryWhenTheServerIsBack() {
    fillLog();
    cluster.breakOffAfterOne();
    Shell.Outcome outcome = run("log", "3", "--limit", "4", "--output", "tsv");

    assertThat(outcome.outLines()).hasSize(4);
    assertThat(cluster.logRequests()).extracting(ReadLogRequest::getLimit).containsExactly(4L, 3L);
    assertThat(cluster.logRequests().get(1).getFrom())
        .isEqualTo(JournalPosition.newBuilder().setSegment(1).setEntry(1).build());
  }

  @Test
  void wrongUsageIsToldBeforeAnythingIsAsked() {
    for (String[] wrong :
        new String[][] {
          {"log"},
          {"log", "x"},
          {"log", "-1"},
          {"log", "3", "--all"},
          {"log", "3", "4", "--from", "1:1"},
          {"log", "3", "--from", "4"},
          {"log", "3", "--limit", "0"},
          {"log", "3", "--namespace", "No Name"},
          {"verify", "x"},
          {"verify", "-3"}
        }) {
      assertThat(run(wrong).exitCode()).as("%s", (Object) wrong).isEqualTo(ExitCode.WRONG_USAGE);
    }
    assertThat(cluster.logRequests()).isEmpty();
    assertThat(cluster.verifyRequests()).isEmpty();
  }
}
