package org.tallyring.topology.planning;

import java.util.List;
import org.tallyring.topology.assignment.Assignment;

/**
 * What the controller wants to change: a value that can be printed, tested and looked at before
 * anything happens. Immutable.
 *
 * @param target the assignment when all moves are done
 * @param moves how it differs from the present assignment, in ascending order of ranges; empty if
 *     it does not
 */
public record AssignmentPlan(Assignment target, List<Move> moves) {

  /** Makes its own copy of the moves. */
  public AssignmentPlan {
    moves = List.copyOf(moves);
  }
}
