package org.tallyring.shardserver.controller;

import io.grpc.Status.Code;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.Drain;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.ConflictException;
import org.tallyring.shardserver.coordination.Coordination;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.topology.name.NameRules;

/**
 * Asks the controller to empty shards. Any process may ask: the wish is stored beside the
 * assignment with a compare-and-set, where each controller finds it. Thread-safe.
 */
public final class Drains {

  private final Coordination coordination;

  /** Wishes about the shards of a cluster. */
  public Drains(Coordination coordination) {
    this.coordination = coordination;
  }

  /**
   * Asks that a shard be emptied, until its process ends. Completes when that is stored, with the
   * number of ranges that still name the shard; may be repeated.
   *
   * <p>Fails with SHARD_NOT_FOUND if the shard is not live, with LAST_SHARD if nobody else could
   * take its ranges.
   */
  public CompletableFuture<Integer> add(String shardId) {
    String violation = NameRules.violation("shard", shardId);
    if (violation != null) {
      return CompletableFuture.failedFuture(
          Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, "shard_id", violation));
    }
    return coordination.assignment().read().thenCompose(stored -> add(shardId, stored));
  }

  private CompletableFuture<Integer> add(String shardId, Versioned<AssignmentTarget> stored) {
    ClusterView view = coordination.watch().view().withAssignment(stored);
    Member member = view.members().get(shardId);
    if (member == null) {
      return CompletableFuture.failedFuture(
          Errors.of(
              Code.NOT_FOUND,
              ErrorReason.ERROR_REASON_SHARD_NOT_FOUND,
              "shard: " + shardId + " (expected: a live one, of " + view.members().keySet() + ")"));
    }
    if (view.draining().contains(shardId)) {
      return CompletableFuture.completedFuture(view.rangesNaming(shardId));
    }
    if (view.takersBeside(shardId).isEmpty()) {
      return CompletableFuture.failedFuture(
          Errors.of(
              Code.FAILED_PRECONDITION,
              ErrorReason.ERROR_REASON_LAST_SHARD,
              "shard: " + shardId + " (expected: another live one, to take its ranges)"));
    }
    AssignmentTarget wished =
        stored.value().toBuilder()
            .addDrains(
                Drain.newBuilder().setShardId(shardId).setIncarnation(member.getIncarnation()))
            .build();
    return coordination
        .assignment()
        .compareAndSet(stored.version(), wished)
        .thenApply(done -> view.rangesNaming(shardId))
        .exceptionallyCompose(
            failure ->
                isConflict(failure) ? add(shardId) : CompletableFuture.failedFuture(failure));
  }

  private static boolean isConflict(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof ConflictException;
  }
}
