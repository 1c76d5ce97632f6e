package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.ClusterWatch;

/** Where the ranges of other shards are, by the newest view. */
final class RangeOwners {

  private static final Duration RETRY_DELAY = Duration.ofMillis(100);

  private final String shardId;
  private final ClusterWatch watch;

  RangeOwners(String shardId, ClusterWatch watch) {
    this.shardId = shardId;
    this.watch = watch;
  }

  /** The live shard that serves a range, unless it is this one or nobody does. */
  Optional<Member> peerServing(int rangeId) {
    return serving(watch.view(), rangeId).filter(owner -> !owner.getId().equals(shardId));
  }

  /** The live shard that serves a range in a view, unless nobody does. */
  static Optional<Member> serving(ClusterView view, int rangeId) {
    RangeRecord record = view.ranges().get(rangeId);
    return record.getServing()
        ? Optional.ofNullable(view.members().get(record.getOwner()))
        : Optional.empty();
  }

  /** This shard was asked for a range that it does not own. */
  StatusRuntimeException notOwner(int rangeId) {
    RangeRecord record = watch.view().ranges().get(rangeId);
    String address = peerServing(rangeId).map(Member::getAddress).orElse("");
    return Errors.of(
        Code.ABORTED,
        ErrorReason.ERROR_REASON_NOT_OWNER,
        "range: "
            + rangeId
            + " is not owned by "
            + shardId
            + " (expected: "
            + record.getOwner()
            + ")",
        Map.of(
            "rangeId", Integer.toString(rangeId),
            "owner", record.getOwner(),
            "ownerAddress", address,
            "epoch", Long.toString(record.getEpoch())));
  }

  /** The cluster has no such range. */
  static StatusRuntimeException noSuchRange(int rangeId, int rangeCount) {
    return Errors.of(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_RANGE_NOT_FOUND,
        "range_id: "
            + Integer.toUnsignedString(rangeId)
            + " (expected: 0.."
            + (rangeCount - 1)
            + ")");
  }

  /** Nobody serves the range at the moment. */
  static StatusRuntimeException unavailable(int rangeId) {
    return Errors.retryable(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_RANGE_UNAVAILABLE,
        "range: " + rangeId + " has no live owner at the moment (expected: retry)",
        RETRY_DELAY);
  }
}
