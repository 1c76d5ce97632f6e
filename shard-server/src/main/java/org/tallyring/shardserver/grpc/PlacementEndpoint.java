package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.v1.DrainShardRequest;
import org.tallyring.proto.v1.DrainShardResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MoveReason;
import org.tallyring.proto.v1.RangeMove;
import org.tallyring.proto.v1.RebalanceRequest;
import org.tallyring.proto.v1.RebalanceResponse;
import org.tallyring.shardserver.controller.Drains;
import org.tallyring.shardserver.controller.Rebalancer;
import org.tallyring.shardserver.controller.Rebalancer.Rebalancing;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.ClusterWatch;
import org.tallyring.topology.planning.Move;

/** Those calls of AdminService that are about who owns what. */
final class PlacementEndpoint {

  private static final long PEER_SECONDS = 15;
  private static final Duration RETRY_DELAY = Duration.ofMillis(250);

  private final String shardId;
  private final ClusterWatch watch;
  private final Drains drains;
  private final Rebalancer rebalancer;
  private final PeerChannels peers;

  PlacementEndpoint(
      String shardId,
      ClusterWatch watch,
      Drains drains,
      Rebalancer rebalancer,
      PeerChannels peers) {
    this.shardId = shardId;
    this.watch = watch;
    this.drains = drains;
    this.rebalancer = rebalancer;
    this.peers = peers;
  }

  CompletableFuture<DrainShardResponse> drain(DrainShardRequest request) {
    return Calls.reaching(drains.add(request.getShardId()))
        .thenApply(left -> DrainShardResponse.newBuilder().setRangesLeft(left).build());
  }

  /** Asks the controller, which may be this shard. */
  CompletableFuture<RebalanceResponse> rebalance(RebalanceRequest request) {
    ClusterView view = watch.view();
    if (request.getLocalOnly() || view.controller().equals(shardId)) {
      return rebalancer.rebalance(request.getDryRun()).thenApply(PlacementEndpoint::message);
    }
    Member controller = view.members().get(view.controller());
    if (controller == null) {
      return CompletableFuture.failedFuture(noController("none"));
    }
    return Calls.toFuture(
            peers
                .admin(controller.getAddress())
                .withDeadlineAfter(PEER_SECONDS, TimeUnit.SECONDS)
                .rebalance(request.toBuilder().setLocalOnly(true).build()))
        .exceptionallyCompose(
            failure ->
                CompletableFuture.failedFuture(
                    Errors.reasonOf(Calls.unwrap(failure)) == ErrorReason.ERROR_REASON_UNSPECIFIED
                        ? noController(controller.getId() + " does not answer")
                        : failure));
  }

  private static RuntimeException noController(String what) {
    return Errors.retryable(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_NOT_READY,
        "controller: " + what + " (expected: one that answers)",
        RETRY_DELAY);
  }

  private static RebalanceResponse message(Rebalancing outcome) {
    RebalanceResponse.Builder response =
        RebalanceResponse.newBuilder()
            .setRangesMoving(outcome.moving())
            .setLoadsKnown(outcome.loadsKnown());
    for (Move move : outcome.plan().moves()) {
      response.addMoves(
          RangeMove.newBuilder()
              .setRangeId(move.rangeId())
              .setFrom(move.from())
              .setTo(move.to())
              .setReason(MoveReason.valueOf("MOVE_REASON_" + move.reason())));
    }
    IntStream.range(0, outcome.decisions().size())
        .boxed()
        .sorted(Comparator.reverseOrder())
        .forEach(i -> response.addDecisions(outcome.decisions().get(i)));
    return response.build();
  }
}
