package org.tallyring.topology.assignment;

import org.tallyring.topology.name.NameRules;

/**
 * A live shard as placement sees it.
 *
 * @param id its name, by the rule of {@link NameRules}
 * @param weight its share of the ranges relative to the other shards' weights, 1 to {@value
 *     #MAX_WEIGHT}
 * @param zone its failure zone, for people to read; may be empty. It has no part in placement: a
 *     range has one owner at a time, and the copies of its journal are spread over bookies' zones
 */
public record Shard(String id, int weight, String zone) {

  /** The highest weight. It bounds the ring's size, which grows with the sum of all weights. */
  public static final int MAX_WEIGHT = 100;

  /** Refuses a name or a weight outside its rule. */
  public Shard {
    String violation = NameRules.violation("shard", id);
    if (violation != null) {
      throw new IllegalArgumentException(violation);
    }
    if (weight < 1 || weight > MAX_WEIGHT) {
      throw new IllegalArgumentException(
          "weight: " + weight + " (expected: 1.." + MAX_WEIGHT + ")");
    }
  }
}
