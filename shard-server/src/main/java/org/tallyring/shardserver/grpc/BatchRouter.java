package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.shardserver.engine.ReceivedBatch;
import org.tallyring.shardserver.ownership.Answers;
import org.tallyring.shardserver.ownership.OwnedRange;
import org.tallyring.shardserver.ownership.ShardRanges;
import org.tallyring.shardserver.ownership.Submission;

/**
 * Brings a batch to the owner of its range: into a range held here, or to the shard that holds it.
 * The answer is always a response; the future fails only on a defect.
 */
final class BatchRouter {

  private final int rangeCount;
  private final ShardRanges ranges;
  private final RangeOwners owners;
  private final Forwarding forwarding;
  private final NamespaceDirectory namespaces;

  BatchRouter(
      int rangeCount,
      ShardRanges ranges,
      RangeOwners owners,
      Forwarding forwarding,
      NamespaceDirectory namespaces) {
    this.rangeCount = rangeCount;
    this.ranges = ranges;
    this.owners = owners;
    this.forwarding = forwarding;
    this.namespaces = namespaces;
  }

  /**
   * A batch that came on a stream.
   *
   * @param bytes a RecordBatch
   * @throws io.grpc.StatusRuntimeException if it is none, which ends the stream: whose answer it
   *     would be is not known
   */
  static ReceivedBatch received(ByteString bytes) {
    try {
      return ReceivedBatch.read(bytes);
    } catch (InvalidProtocolBufferException malformed) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_BATCH,
          "batch",
          "batch: "
              + bytes.size()
              + " bytes (expected: a RecordBatch; "
              + malformed.getMessage()
              + ")");
    }
  }

  /**
   * Whether a batch is on its range's loop when {@link #route} returns, so that batches routed one
   * after the other arrive there in that order. Forwarding takes a call, and a namespace that the
   * newest view does not know is looked up first.
   */
  boolean goesStraight(ReceivedBatch batch) {
    return ranges.find(batch.rangeId()).isPresent()
        && namespaces.isKnown(batch.namespace(), batch.metrics());
  }

  /** Routes a batch that a producer sent here. */
  CompletableFuture<RecordStreamResponse> route(ByteString session, ReceivedBatch batch) {
    return route(session, batch, true);
  }

  /** Takes a batch that another shard sent here; it is not sent on. */
  CompletableFuture<RecordStreamResponse> takeForwarded(ByteString session, ReceivedBatch batch) {
    return route(session, batch, false);
  }

  private CompletableFuture<RecordStreamResponse> route(
      ByteString session, ReceivedBatch batch, boolean forward) {
    int rangeId = batch.rangeId();
    if (rangeId < 0 || rangeId >= rangeCount) {
      return refused(session, batch, RangeOwners.noSuchRange(rangeId, rangeCount));
    }
    Optional<OwnedRange> held = ranges.find(rangeId);
    if (held.isPresent()) {
      return namespaces
          .find(batch.namespace(), batch.metrics())
          .thenCompose(namespace -> submit(held.get(), session, batch, namespace))
          .exceptionallyCompose(failure -> refused(session, batch, Calls.unwrap(failure)));
    }
    if (!forward) {
      return refused(session, batch, owners.notOwner(rangeId));
    }
    return owners
        .peerServing(rangeId)
        .map(owner -> forward(owner, session, batch))
        .orElseGet(() -> refused(session, batch, RangeOwners.unavailable(rangeId)));
  }

  private static CompletableFuture<RecordStreamResponse> submit(
      OwnedRange range, ByteString session, ReceivedBatch batch, NamespaceDefinition namespace) {
    CompletableFuture<RecordStreamResponse> answer = new CompletableFuture<>();
    range.submit(new Submission(session, batch, namespace, answer::complete));
    return answer;
  }

  private CompletableFuture<RecordStreamResponse> forward(
      Member owner, ByteString session, ReceivedBatch batch) {
    return forwarding
        .send(owner.getAddress(), session, batch)
        .thenApply(answer -> addressed(session, batch, answer));
  }

  private static CompletableFuture<RecordStreamResponse> refused(
      ByteString session, ReceivedBatch batch, Throwable error) {
    return CompletableFuture.completedFuture(addressed(session, batch, Answers.refused(error)));
  }

  private static RecordStreamResponse addressed(
      ByteString session, ReceivedBatch batch, RecordStreamResponse.Builder response) {
    return response
        .setSessionId(session)
        .setRangeId(batch.rangeId())
        .setSequence(batch.sequence())
        .build();
  }
}
