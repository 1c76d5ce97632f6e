package org.tallyring.shardserver.controller;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.v1.Decision;
import org.tallyring.topology.planning.AssignmentPlan;

/** Plans when somebody asks. Thread-safe. */
public interface Rebalancer {

  /**
   * What came of it.
   *
   * @param plan what would have to move or, unless nothing was to be changed, what has been begun
   * @param moving how many ranges were on the move before
   * @param loadsKnown whether loads were looked at
   * @param decisions the last decisions, oldest first
   */
  record Rebalancing(
      AssignmentPlan plan, int moving, boolean loadsKnown, List<Decision> decisions) {}

  /**
   * Plans with the loads of this moment, and begins unless it is a dry run. Fails with NOT_READY
   * where this is not the controller, or it cannot decide at the moment.
   */
  CompletableFuture<Rebalancing> rebalance(boolean dryRun);
}
