package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.tallyring.shardserver.engine.strategy.UserSketch;

/**
 * The numbers of different users over several buckets: whoever is in many of them is one. A count
 * costs the union of as many sketches.
 */
final class UnitedUsers implements SlotCounts {

  private final int log2Registers;
  private final List<DistinctCounts> buckets;

  UnitedUsers(int log2Registers, List<DistinctCounts> buckets) {
    this.log2Registers = log2Registers;
    this.buckets = buckets;
  }

  @Override
  public long get(int slot) {
    List<UserSketch> sketches = new ArrayList<>(buckets.size());
    for (DistinctCounts bucket : buckets) {
      UserSketch sketch = bucket.sketch(slot);
      if (sketch != null) {
        sketches.add(sketch);
      }
    }
    return UserSketch.users(log2Registers, sketches);
  }

  @Override
  public int forEach(long lowest, Consumer consumer) {
    TreeSet<Integer> slots = new TreeSet<>();
    buckets.forEach(bucket -> bucket.forEachSketch((slot, sketch) -> slots.add(slot)));
    int lower = 0;
    for (int slot : slots) {
      long users = get(slot);
      if (users >= lowest) {
        consumer.accept(slot, users);
      } else {
        lower++;
      }
    }
    return lower;
  }

  /** A union and an estimate. */
  @Override
  public int cost() {
    return 64 * buckets.size();
  }

  /** Nothing: the sketches are the buckets'. */
  @Override
  public long bytes() {
    return 0;
  }
}
