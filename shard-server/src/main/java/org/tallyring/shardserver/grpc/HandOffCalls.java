package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.HandOffRangeRequest;
import org.tallyring.proto.internal.v1.HandOffRangeResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.shardserver.ownership.HandOffRefusedException;
import org.tallyring.shardserver.ownership.HandedOff;
import org.tallyring.shardserver.ownership.ShardRanges;

/** Hand-offs as calls between shards: what the owner answers and how the caller reads it. */
final class HandOffCalls {

  /** When to ask again a shard whose view of the cluster is behind. */
  private static final Duration RETRY_DELAY = Duration.ofMillis(100);

  private HandOffCalls() {}

  /** Gives a range held here up to the shard that calls. */
  static void answer(
      ShardRanges ranges, HandOffRangeRequest request, StreamObserver<HandOffRangeResponse> call) {
    int rangeId = request.getRangeId();
    if (rangeId < 0 || rangeId >= ranges.rangeCount()) {
      throw RangeOwners.noSuchRange(rangeId, ranges.rangeCount());
    }
    Calls.answer(
        call,
        ranges
            .handOff(rangeId, request.getEpoch(), request.getTo())
            .thenApply(HandOffCalls::toProto)
            .exceptionallyCompose(
                failure -> CompletableFuture.failedFuture(toStatus(Calls.unwrap(failure)))));
  }

  private static HandOffRangeResponse toProto(Optional<HandedOff> handedOff) {
    HandOffRangeResponse.Builder response = HandOffRangeResponse.newBuilder();
    handedOff.ifPresent(
        left -> response.setIncrements(left.increments()).setStoppedMillis(left.stoppedMillis()));
    return response.build();
  }

  private static Throwable toStatus(Throwable failure) {
    return failure instanceof HandOffRefusedException
        ? Errors.retryable(
            Code.UNAVAILABLE,
            ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF,
            String.valueOf(failure.getMessage()),
            RETRY_DELAY)
        : failure;
  }

  /** What an owner at an epoch answered. */
  static Optional<HandedOff> fromProto(HandOffRangeResponse response, long epoch) {
    return response.hasIncrements()
        ? Optional.of(new HandedOff(epoch, response.getIncrements(), response.getStoppedMillis()))
        : Optional.empty();
  }

  /** Why an owner did not hand off: because it serves on, or no answer at all. */
  static Throwable fromStatus(Throwable failure) {
    return Errors.reasonOf(failure) == ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF
        ? new HandOffRefusedException(String.valueOf(failure.getMessage()))
        : failure;
  }
}
