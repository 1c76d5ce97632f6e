package org.tallyring.benchmarks.load;

import java.util.ArrayList;
import java.util.List;

/**
 * A comparison of every key's count with what was sent.
 *
 * @param keys how many counts were compared: keys times metrics
 * @param differing how many differ
 * @param first the first that differ
 */
public record Verification(long keys, long differing, List<Difference> first) {

  private static final int SHOWN = 10;

  /** Keeps a copy of the list. */
  public Verification {
    first = List.copyOf(first);
  }

  /**
   * A count that is not what it should be.
   *
   * @param metric which metric, from 0
   * @param key the key
   * @param atLeast the least that it should be
   * @param atMost the most that it should be; more than the least if increments ended in doubt
   * @param counted what it is
   */
  public record Difference(int metric, String key, long atLeast, long atMost, long counted) {}

  /**
   * Compares.
   *
   * @param before the counts before anything was sent
   * @param after the counts when everything that was sent has ended
   * @param sent what each sender sent
   * @param outcomes knows which of that failed
   */
  static Verification of(
      CountTable before, CountTable after, List<SentCounts> sent, Outcomes outcomes) {
    long differing = 0;
    List<Difference> first = new ArrayList<>();
    for (int metric = 0; metric < after.metrics(); metric++) {
      for (int rank = 0; rank < after.keys(); rank++) {
        long most = before.count(metric, rank) - outcomes.lost(metric, rank);
        for (SentCounts one : sent) {
          most += one.of(metric, rank);
        }
        long least = most - outcomes.inDoubt(metric, rank);
        long counted = after.count(metric, rank);
        if (counted < least || counted > most) {
          differing++;
          if (first.size() < SHOWN) {
            first.add(new Difference(metric, after.key(rank), least, most, counted));
          }
        }
      }
    }
    return new Verification((long) after.metrics() * after.keys(), differing, first);
  }
}
