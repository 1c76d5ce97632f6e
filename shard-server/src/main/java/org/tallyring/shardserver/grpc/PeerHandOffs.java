package org.tallyring.shardserver.grpc;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.tallyring.proto.internal.v1.HandOffRangeRequest;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.shardserver.coordination.ClusterWatch;
import org.tallyring.shardserver.ownership.HandOffRequests;
import org.tallyring.shardserver.ownership.HandedOff;

/** Asks other shards over gRPC to hand ranges off. Thread-safe. */
public final class PeerHandOffs implements HandOffRequests, AutoCloseable {

  /** The owner waits for its appends in flight, which take a bookie's time-out at most. */
  private static final long ANSWER_SECONDS = 5;

  private final String shardId;
  private final ClusterWatch watch;
  private final PeerChannels peers;

  PeerHandOffs(String shardId, ClusterWatch watch, PeerChannels peers) {
    this.shardId = shardId;
    this.watch = watch;
    this.peers = peers;
  }

  /**
   * Requests over the network.
   *
   * @param shardId the shard that asks
   * @param watch knows where the others are
   */
  public static PeerHandOffs overNetwork(String shardId, ClusterWatch watch) {
    return new PeerHandOffs(shardId, watch, new PeerChannels(PeerChannels::connect));
  }

  @Override
  public void expect(String owner) {
    Member member = watch.view().members().get(owner);
    if (member != null) {
      peers.connectTo(member.getAddress());
    }
  }

  @Override
  public CompletableFuture<Optional<HandedOff>> handOff(String owner, int rangeId, long epoch) {
    Member member = watch.view().members().get(owner);
    if (member == null) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("owner: " + owner + " (expected: a live shard)"));
    }
    return Calls.toFuture(
            peers
                .ranges(member.getAddress())
                .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS)
                .handOffRange(
                    HandOffRangeRequest.newBuilder()
                        .setRangeId(rangeId)
                        .setEpoch(epoch)
                        .setTo(shardId)
                        .build()))
        .thenApply(response -> HandOffCalls.fromProto(response, epoch))
        .exceptionallyCompose(
            failure ->
                CompletableFuture.failedFuture(HandOffCalls.fromStatus(Calls.unwrap(failure))));
  }

  @Override
  public void close() {
    peers.close();
  }
}
