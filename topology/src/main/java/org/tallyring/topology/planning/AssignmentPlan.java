package org.tallyring.topology.planning;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
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

  /** The plan in one sentence, for logs and for whoever asks why a range is where it is. */
  public String sentence() {
    Map<Reason, Integer> counts = new TreeMap<>();
    for (Move move : moves) {
      counts.merge(move.reason(), 1, Integer::sum);
    }
    return counts.entrySet().stream()
        .map(count -> count.getValue() + " (" + count.getKey().because() + ")")
        .collect(
            Collectors.joining(
                ", ", moves.size() + " of " + target.rangeCount() + " ranges move: ", ""));
  }

  /**
   * What of this plan to do now, when only so many ranges may be on the move at once. What has no
   * live owner goes at once, all of it; of the rest, what is drained goes first. Planning again on
   * the step's target gives the rest, so that nobody has to remember a plan.
   *
   * @param moving the ranges that are on the move already; they are not moved again before they
   *     have arrived, unless their owner dies
   * @param atOnce how many may be
   */
  public AssignmentPlan step(Set<Integer> moving, int atOnce) {
    Set<Move> next =
        moves.stream()
            .filter(move -> move.reason().canWait() && !moving.contains(move.rangeId()))
            .sorted(Comparator.comparing(Move::reason))
            .limit(Math.max(0, atOnce - moving.size()))
            .collect(Collectors.toSet());
    List<Move> now = new ArrayList<>();
    List<String> owners = new ArrayList<>(target.toList());
    for (Move move : moves) {
      if (next.contains(move) || !move.reason().canWait()) {
        now.add(move);
      } else {
        owners.set(move.rangeId(), move.from());
      }
    }
    return new AssignmentPlan(Assignment.of(owners), now);
  }
}
