package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.protobuf.ByteString;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.RecordStreamResponse.Outcome;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.driver.BatchStream;
import org.tallyring.systemtests.driver.ClusterApi;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;

/**
 * Batches that no client library sends. Every one goes to the same shard, which owns the range of
 * some and forwards others: the answer must not depend on it.
 */
final class BadBatchesIT {

  private static final int RANGES = 64;
  private static final String KEY = "sku-1";

  @RegisterExtension static final Processes processes = new Processes();

  @SuppressWarnings("NullAway.Init")
  private static Standalone cluster;

  @SuppressWarnings("NullAway.Init")
  private static ClusterApi shard;

  @BeforeAll
  static void startCluster() {
    cluster = Standalone.start(processes);
    shard = new ClusterApi(cluster.shardAddress(1));
  }

  @AfterAll
  static void closeCluster() {
    if (cluster != null) {
      shard.close();
      cluster.close();
    }
  }

  static Stream<Arguments> malformedBatches() {
    return Stream.of(
        malformed(
            "deltas longer than keys",
            ErrorReason.ERROR_REASON_BAD_BATCH,
            batch(KEY, 1).addDeltas(1).addDeltas(1)),
        malformed(
            "times longer than keys",
            ErrorReason.ERROR_REASON_BAD_BATCH,
            batch(KEY, 1).addTimeOffsetsMillis(0).addTimeOffsetsMillis(0)),
        malformed(
            "metric indexes longer than keys",
            ErrorReason.ERROR_REASON_BAD_BATCH,
            batch(KEY, 1).addMetricIndexes(0).addMetricIndexes(0)),
        malformed(
            "a metric index that points outside",
            ErrorReason.ERROR_REASON_BAD_BATCH,
            batch(KEY, 1).addMetricIndexes(1)),
        malformed(
            "key lengths that do not add up",
            ErrorReason.ERROR_REASON_BAD_BATCH,
            batch(KEY, 1).setKeyLengths(0, KEY.length() + 1)),
        malformed(
            "a key length of nearly 2^32",
            ErrorReason.ERROR_REASON_BAD_BATCH,
            batch(KEY, 1).setKeyLengths(0, -1)),
        malformed("no metrics", ErrorReason.ERROR_REASON_BAD_BATCH, batch(KEY, 1).clearMetrics()),
        malformed(
            "no rows",
            ErrorReason.ERROR_REASON_BAD_SIZE,
            batch(KEY, 1).clearKeys().clearKeyLengths()),
        malformed("sequence 0", ErrorReason.ERROR_REASON_BAD_SESSION, batch(KEY, 0)));
  }

  private static Arguments malformed(String what, ErrorReason reason, RecordBatch.Builder batch) {
    return arguments(what, reason, batch.build());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("malformedBatches")
  void aMalformedBatchIsRefusedAndLeavesItsSequenceFree(
      String what, ErrorReason reason, RecordBatch batch) {
    assertRefusedThenGoodOneApplied(batch, Code.INVALID_ARGUMENT, reason);
  }

  static Stream<Arguments> batchesWithABadRow() {
    long tooLate = Instant.now().plus(Duration.ofMinutes(6)).toEpochMilli();
    return Stream.of(
        malformed("an empty key", ErrorReason.ERROR_REASON_BAD_KEY, batch("", 1)),
        malformed(
            "a key of 513 bytes", ErrorReason.ERROR_REASON_BAD_KEY, batch("k".repeat(513), 1)),
        malformed("a control character", ErrorReason.ERROR_REASON_BAD_KEY, batch("a\nb", 1)),
        malformed(
            "a key that is not UTF-8",
            ErrorReason.ERROR_REASON_BAD_KEY,
            batch(new byte[] {(byte) 0xFF, (byte) 0xFE}, 1)),
        malformed("delta 0", ErrorReason.ERROR_REASON_BAD_DELTA, batch(KEY, 1).addDeltas(0)),
        malformed(
            "a time 6 minutes ahead",
            ErrorReason.ERROR_REASON_BAD_EVENT_TIME,
            batch(KEY, 1).setBaseTimeMillis(tooLate)),
        malformed(
            "a time that overflows",
            ErrorReason.ERROR_REASON_BAD_EVENT_TIME,
            batch(KEY, 1).setBaseTimeMillis(Long.MAX_VALUE).addTimeOffsetsMillis(1)),
        malformed(
            "a key of another range",
            ErrorReason.ERROR_REASON_KEY_NOT_IN_RANGE,
            batch(KEY, 1).setRangeId((rangeOf(KEY) + 1) % RANGES)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("batchesWithABadRow")
  void aBadRowIsNamedAndItsBatchLeavesTheSequenceFree(
      String what, ErrorReason reason, RecordBatch batch) {
    RecordStreamResponse refused =
        assertRefusedThenGoodOneApplied(batch, Code.INVALID_ARGUMENT, reason);
    assertThat(refused.getInvalidRowsList()).containsExactly(0);
  }

  @Test
  void anUnknownNamespaceMetricOrRangeIsNotFound() {
    assertRefusedThenGoodOneApplied(
        batch(KEY, 1).setNamespace("nowhere").build(),
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND);
    assertRefusedThenGoodOneApplied(
        batch(KEY, 1).setMetrics(0, "unheard-of").build(),
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_METRIC_NOT_FOUND);
    assertRefusedThenGoodOneApplied(
        batch(KEY, 1).setRangeId(RANGES).build(),
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_RANGE_NOT_FOUND);
  }

  @Test
  void aSessionIdOfTheWrongLengthIsRefused() {
    try (BatchStream stream = new BatchStream(shard)) {
      RecordStreamResponse answer =
          stream.send(ByteString.copyFromUtf8("15-bytes-of-id."), batch(KEY, 1).build());
      assertRefused(answer, Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BAD_SESSION);
    }
  }

  @Test
  void aGapInTheSequenceIsRefusedAndARepeatCountsOnce() {
    for (int i = 0; i < 8; i++) {
      // Keys of several ranges, so that some are held by the shard and some are forwarded.
      String key = "gap-" + i;
      try (BatchStream stream = new BatchStream(shard)) {
        assertThat(stream.send(batch(key, 1).build()).getOutcome())
            .isEqualTo(Outcome.OUTCOME_APPLIED);
        assertRefused(
            stream.send(batch(key, 3).build()),
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_SEQUENCE_GAP);
        assertThat(stream.send(batch(key, 1).build()).getOutcome())
            .isEqualTo(Outcome.OUTCOME_DUPLICATE);
        assertThat(stream.send(batch(key, 2).build()).getOutcome())
            .isEqualTo(Outcome.OUTCOME_APPLIED);
      }
      assertThat(cluster.tally().run("count", key, "--output", "tsv").lastLine())
          .isEqualTo(key + "\t2");
    }
  }

  @Test
  void anUnknownSessionThatDoesNotBeginAtOneIsRefused() {
    try (BatchStream stream = new BatchStream(shard)) {
      assertRefused(
          stream.send(batch(KEY, 2).build()),
          Code.FAILED_PRECONDITION,
          ErrorReason.ERROR_REASON_SESSION_EXPIRED);
    }
  }

  @Test
  void aTotalThatWouldOverflowIsRefused() {
    String key = "nearly-full";
    try (BatchStream stream = new BatchStream(shard)) {
      assertThat(stream.send(batch(key, 1).addDeltas(Long.MAX_VALUE).build()).getOutcome())
          .isEqualTo(Outcome.OUTCOME_APPLIED);
      RecordStreamResponse refused = stream.send(batch(key, 2).addDeltas(1).build());
      assertRefused(refused, Code.OUT_OF_RANGE, ErrorReason.ERROR_REASON_COUNT_OVERFLOW);
      assertThat(refused.getInvalidRowsList()).containsExactly(0);
      assertThat(stream.send(batch(key, 2).addDeltas(-7).build()).getOutcome())
          .isEqualTo(Outcome.OUTCOME_APPLIED);
    }
    assertThat(cluster.tally().run("count", key, "--output", "tsv").lastLine())
        .isEqualTo(key + "\t" + (Long.MAX_VALUE - 7));
  }

  @Test
  void aMessageOfFiveMegabytesEndsItsStreamAndNothingElse() {
    RecordBatch.Builder large = batch("k".repeat(5 << 20), 1);
    try (BatchStream other = new BatchStream(shard)) {
      assertThat(other.send(batch(KEY, 1).build()).getOutcome()).isEqualTo(Outcome.OUTCOME_APPLIED);
      try (BatchStream stream = new BatchStream(shard)) {
        Throwable failure = stream.sendForFailure(large.build());
        assertThat(failure)
            .isInstanceOfSatisfying(
                StatusRuntimeException.class,
                status ->
                    assertThat(status.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED));
        assertThat(Errors.reasonOf(failure)).isEqualTo(ErrorReason.ERROR_REASON_MESSAGE_TOO_LARGE);
      }
      assertThat(other.send(batch(KEY, 2).build()).getOutcome()).isEqualTo(Outcome.OUTCOME_APPLIED);
    }
  }

  /**
   * Sends a bad batch, then a good one with the sequence that the bad one must not have used up.
   */
  private static RecordStreamResponse assertRefusedThenGoodOneApplied(
      RecordBatch bad, Code code, ErrorReason reason) {
    long before = shard.increments();
    try (BatchStream stream = new BatchStream(shard)) {
      RecordStreamResponse refused = stream.send(bad);
      assertRefused(refused, code, reason);
      assertThat(shard.increments()).as("increments").isEqualTo(before);
      assertThat(stream.send(batch(KEY, 1).build()).getOutcome())
          .isEqualTo(Outcome.OUTCOME_APPLIED);
      assertThat(shard.increments()).as("increments").isEqualTo(before + 1);
      assertThat(cluster.process().isAlive()).isTrue();
      return refused;
    }
  }

  private static void assertRefused(RecordStreamResponse answer, Code code, ErrorReason reason) {
    assertThat(answer.getOutcome()).as("%s", answer).isEqualTo(Outcome.OUTCOME_REFUSED);
    assertThat(Errors.reasonOf(answer.getError())).as("%s", answer).isEqualTo(reason);
    assertThat(answer.getError().getCode()).as("%s", answer).isEqualTo(code.value());
  }

  private static RecordBatch.Builder batch(String key, long sequence) {
    return batch(key.getBytes(StandardCharsets.UTF_8), sequence);
  }

  private static RecordBatch.Builder batch(byte[] key, long sequence) {
    return RecordBatch.newBuilder()
        .setNamespace("default")
        .setRangeId(rangeOf(key))
        .setSequence(sequence)
        .addMetrics("clicks")
        .setKeys(ByteString.copyFrom(key))
        .addKeyLengths(key.length);
  }

  private static int rangeOf(String key) {
    return rangeOf(key.getBytes(StandardCharsets.UTF_8));
  }

  private static int rangeOf(byte[] key) {
    return new RangeTable(RANGES).rangeOf(new KeyHash("default").hash(key));
  }
}
