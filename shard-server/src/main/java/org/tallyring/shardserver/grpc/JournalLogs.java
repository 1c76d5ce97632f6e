package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.Optional;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.JournalPosition;
import org.tallyring.proto.v1.ReadLogRequest;
import org.tallyring.proto.v1.ReadLogResponse;
import org.tallyring.shardserver.coordination.ClusterWatch;
import org.tallyring.shardserver.ownership.OwnedRange;
import org.tallyring.shardserver.ownership.RangeState;
import org.tallyring.shardserver.ownership.ShardRanges;

/**
 * Readings of journals. A range that another shard owns is read by that one, which alone knows up
 * to where its last segment is acknowledged.
 */
final class JournalLogs {

  private final RangeOwners owners;
  private final ClusterWatch watch;
  private final ShardRanges ranges;
  private final PeerChannels peers;

  JournalLogs(RangeOwners owners, ClusterWatch watch, ShardRanges ranges, PeerChannels peers) {
    this.owners = owners;
    this.watch = watch;
    this.ranges = ranges;
    this.peers = peers;
  }

  /**
   * Takes a call. To be called while it is being accepted.
   *
   * @throws StatusRuntimeException if the request makes no sense, or nobody serves the range
   */
  void begin(ReadLogRequest request, ServerCallStreamObserver<ReadLogResponse> call) {
    int rangeId = request.getRangeId();
    int rangeCount = watch.view().config().getRangeCount();
    if (rangeId < 0 || rangeId >= rangeCount) {
      throw noSuchRange(rangeId, rangeCount);
    }
    JournalPosition from = request.getFrom();
    if (from.getSegment() < 0 || from.getEntry() < 0) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_PARAMETER,
          "from",
          "from: " + from.getSegment() + ":" + from.getEntry() + " (expected: not negative)");
    }
    Optional<OwnedRange> held =
        ranges.find(rangeId).filter(range -> range.state() == RangeState.SERVING);
    if (held.isPresent()) {
      new LogFeed(request, call).begin(ranges.audit().journal(held.get()));
      return;
    }
    String address =
        owners
            .peerServing(rangeId)
            .map(Member::getAddress)
            .orElseThrow(() -> RangeOwners.unavailable(rangeId));
    peers.adminStreams(address).readLog(request, new LogRelay(call));
  }

  static StatusRuntimeException noSuchRange(int rangeId, int rangeCount) {
    return Errors.of(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_RANGE_NOT_FOUND,
        "range: " + Integer.toUnsignedString(rangeId) + " (expected: 0.." + (rangeCount - 1) + ")");
  }
}
