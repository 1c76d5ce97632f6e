package org.tallyring.topology.planning;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.assignment.Shard;
import org.tallyring.topology.ring.Quota;

/**
 * Moves heavy ranges apart: between the shard with the most to do for its weight and the one with
 * the least, again and again, always what lowers the higher of the two the most. Not thread-safe;
 * used for one plan.
 *
 * <p>A range moves alone where the numbers of ranges allow it, that is, where both shards stay
 * within their shares; otherwise it is exchanged for a lighter one. So nothing that a plan by
 * numbers promises is broken, and the next one undoes nothing.
 *
 * <p>Why it does not go to and fro: it begins only when a shard has more to do than the average and
 * the tolerance, and it stops when an exchange would not lower the higher load by a twentieth of
 * the average. A single range that is heavier than a shard's share stays where it is.
 */
final class Spreading {

  /** What an exchange must gain at least, in percent of the average load. */
  private static final long LEAST_GAIN_PERCENT = 5;

  private static final int NONE = -1;

  /** Makes loads for a weight whole numbers that tell shards apart. */
  private static final long SCALE = 1_000;

  /** Of two shards, what each gives; {@link #NONE} where the lighter one gives nothing. */
  private record Exchange(int heavy, int light, long higherLoad) {}

  private final List<Shard> shards;
  private final RangeLoads loads;
  private final Assignment current;
  private final List<List<Integer>> rangesOf = new ArrayList<>();
  private final Quota[] quotas;
  private final long[] costs;
  private final long average;
  private final Set<Integer> moved = new HashSet<>();
  private final List<String> owners;

  Spreading(Collection<Shard> takers, Assignment current, RangeLoads loads) {
    this.shards = takers.stream().sorted(Comparator.comparing(Shard::id)).toList();
    this.loads = loads;
    this.current = current;
    this.owners = new ArrayList<>(current.toList());
    long totalWeight = shards.stream().mapToLong(Shard::weight).sum();
    quotas = new Quota[shards.size()];
    costs = new long[shards.size()];
    long total = 0;
    for (int i = 0; i < shards.size(); i++) {
      quotas[i] = new Quota(current.rangeCount(), shards.get(i).weight(), totalWeight);
      rangesOf.add(new ArrayList<>(current.rangesOf(shards.get(i).id())));
      costs[i] = rangesOf.get(i).stream().mapToLong(loads::costOf).sum();
      total += costs[i];
    }
    average = totalWeight == 0 ? 0 : total * SCALE / totalWeight;
  }

  /**
   * The moves, in ascending order of ranges.
   *
   * @param tolerancePercent by how much the load of a shard may exceed the average
   * @param atMost how many moves at most
   */
  AssignmentPlan plan(int tolerancePercent, int atMost) {
    while (moved.size() < atMost) {
      int hottest = extreme(1);
      int coldest = extreme(-1);
      if (hottest == coldest || load(hottest) * 100 <= average * (100 + tolerancePercent)) {
        break;
      }
      Exchange best = best(hottest, coldest, atMost - moved.size() >= 2);
      if (best == null
          || (load(hottest) - best.higherLoad()) * 100 < average * LEAST_GAIN_PERCENT) {
        break;
      }
      move(best.heavy(), hottest, coldest);
      if (best.light() != NONE) {
        move(best.light(), coldest, hottest);
      }
    }
    return new AssignmentPlan(
        Assignment.of(owners),
        moved.stream()
            .sorted()
            .map(
                range ->
                    new Move(range, current.toList().get(range), owners.get(range), Reason.HEAVY))
            .toList());
  }

  /** The shard with the highest load for a sign of 1, with the lowest for -1; the first such. */
  private int extreme(int sign) {
    int extreme = 0;
    for (int shard = 1; shard < shards.size(); shard++) {
      if (sign * load(shard) > sign * load(extreme)) {
        extreme = shard;
      }
    }
    return extreme;
  }

  private @Nullable Exchange best(int hottest, int coldest, boolean mayExchange) {
    Exchange best = null;
    boolean mayGive =
        rangesOf.get(hottest).size() > quotas[hottest].least()
            && rangesOf.get(coldest).size() < quotas[coldest].most();
    if (mayGive) {
      for (int heavy : rangesOf.get(hottest)) {
        best = better(best, exchange(hottest, coldest, heavy, NONE));
      }
    }
    if (mayExchange) {
      for (int heavy : rangesOf.get(hottest)) {
        for (int light : rangesOf.get(coldest)) {
          best = better(best, exchange(hottest, coldest, heavy, light));
        }
      }
    }
    return best;
  }

  private static @Nullable Exchange better(@Nullable Exchange best, @Nullable Exchange other) {
    boolean isBetter = other != null && (best == null || other.higherLoad() < best.higherLoad());
    return isBetter ? other : best;
  }

  private @Nullable Exchange exchange(int hottest, int coldest, int heavy, int light) {
    if (moved.contains(heavy) || moved.contains(light)) {
      return null;
    }
    long difference = loads.costOf(heavy) - (light == NONE ? 0 : loads.costOf(light));
    long higher =
        Math.max(
            load(hottest, costs[hottest] - difference), load(coldest, costs[coldest] + difference));
    return new Exchange(heavy, light, higher);
  }

  private void move(int range, int from, int to) {
    rangesOf.get(from).remove((Integer) range);
    rangesOf.get(to).add(range);
    costs[from] -= loads.costOf(range);
    costs[to] += loads.costOf(range);
    owners.set(range, shards.get(to).id());
    moved.add(range);
  }

  private long load(int shard) {
    return load(shard, costs[shard]);
  }

  private long load(int shard, long cost) {
    return cost * SCALE / shards.get(shard).weight();
  }
}
