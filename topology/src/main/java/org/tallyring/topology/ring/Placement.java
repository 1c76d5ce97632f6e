package org.tallyring.topology.ring;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.assignment.Shard;

/**
 * Places ranges on shards: the ring says which shard comes next, quotas say which shards have room.
 *
 * <p>A builder of one assignment, used in three steps: {@link #keep} for every range that has an
 * owner that may stay, {@link #place} for every other range, then {@link #even}. Not thread-safe.
 * The result depends on the calls alone.
 */
public final class Placement {

  private static final int NONE = -1;

  private final HashRing ring;
  private final Quota[] quotas;
  private final int[] ownerOf;
  private final int[] load;
  private final Map<Integer, long[]> distancesTo = new HashMap<>();

  /**
   * A placement without any range yet.
   *
   * @param shards the shards that may own ranges; at least one
   * @throws IllegalArgumentException if there is no shard, or two have the same id
   */
  public Placement(Collection<Shard> shards, int rangeCount) {
    if (shards.isEmpty()) {
      throw new IllegalArgumentException("shards: none (expected: at least one)");
    }
    ring = new HashRing(shards);
    long totalWeight = shards.stream().mapToLong(Shard::weight).sum();
    quotas =
        shards.stream()
            .sorted(Comparator.comparing(Shard::id))
            .map(shard -> new Quota(rangeCount, shard.weight(), totalWeight))
            .toArray(Quota[]::new);
    ownerOf = new int[rangeCount];
    Arrays.fill(ownerOf, NONE);
    load = new int[quotas.length];
  }

  /**
   * Leaves a range where it is.
   *
   * @return whether that is possible, that is, whether the shard is one of this placement's
   */
  public boolean keep(int range, String shard) {
    int index = Collections.binarySearch(ring.shards(), shard);
    if (index < 0) {
      return false;
    }
    give(range, index);
    return true;
  }

  /**
   * Gives a range without an owner to the first shard on the ring, from the range's position on,
   * that is below its share; that has room up to its share, once all have their rounded-down share.
   */
  public void place(int range) {
    boolean anyBelowLeast = anyShard(shard -> load[shard] < quotas[shard].least());
    int shard =
        ring.firstFrom(
            HashRing.positionOf(range),
            candidate ->
                load[candidate]
                    < (anyBelowLeast ? quotas[candidate].least() : quotas[candidate].most()));
    // The loads are fewer than the ranges here, and the rounded-up shares are not: one has room.
    give(range, shard);
  }

  /**
   * Moves ranges, one at a time, until no shard is below its rounded-down share nor above its
   * bound: to the shard furthest below its share, from the one furthest above, or above its bound
   * if any is.
   *
   * <p>Every range must have an owner. Then the excesses over the shares sum up to 0. The loop
   * therefore always finds a giver above its share and a taker below its own, leaves the giver at
   * no less than its rounded-down share and the taker at no more than its rounded-up share, and
   * ends, because each turn lowers the sum of what is missing and what is too much.
   */
  public void even() {
    while (true) {
      int taker = emptiest();
      boolean overloaded = anyShard(shard -> load[shard] > quotas[shard].bound());
      if (!overloaded && load[taker] >= quotas[taker].least()) {
        return;
      }
      int range = nearestToGive(taker, overloaded);
      load[ownerOf[range]]--;
      give(range, taker);
    }
  }

  /** The result. */
  public Assignment toAssignment() {
    List<String> ids = ring.shards();
    return Assignment.of(
        Arrays.stream(ownerOf).mapToObj(shard -> shard == NONE ? "" : ids.get(shard)).toList());
  }

  /** The shard furthest below its share; if any is below its rounded-down share, this one is. */
  private int emptiest() {
    int emptiest = 0;
    for (int shard = 1; shard < load.length; shard++) {
      if (excess(shard) < excess(emptiest)) {
        emptiest = shard;
      }
    }
    return emptiest;
  }

  /**
   * Of the ranges of all shards that are equally far above their share, and further than any other,
   * the one that stands closest before a point of the taker: the one the ring would have given it
   * first.
   */
  private int nearestToGive(int taker, boolean onlyFromOverloaded) {
    long highest = Long.MIN_VALUE;
    for (int shard = 0; shard < load.length; shard++) {
      if (!onlyFromOverloaded || load[shard] > quotas[shard].bound()) {
        highest = Math.max(highest, excess(shard));
      }
    }
    long[] distance = distancesTo.computeIfAbsent(taker, this::distancesTo);
    int nearest = NONE;
    for (int range = 0; range < ownerOf.length; range++) {
      int owner = ownerOf[range];
      boolean gives =
          excess(owner) == highest && (!onlyFromOverloaded || load[owner] > quotas[owner].bound());
      if (gives
          && (nearest == NONE || Long.compareUnsigned(distance[range], distance[nearest]) < 0)) {
        nearest = range;
      }
    }
    return nearest;
  }

  private long[] distancesTo(int shard) {
    return IntStream.range(0, ownerOf.length)
        .mapToLong(range -> ring.distance(HashRing.positionOf(range), shard))
        .toArray();
  }

  private long excess(int shard) {
    return quotas[shard].excess(load[shard]);
  }

  private boolean anyShard(IntPredicate test) {
    return IntStream.range(0, load.length).anyMatch(test);
  }

  private void give(int range, int shard) {
    ownerOf[range] = shard;
    load[shard]++;
  }
}
