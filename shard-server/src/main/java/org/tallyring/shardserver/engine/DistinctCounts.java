package org.tallyring.shardserver.engine;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.tallyring.shardserver.engine.strategy.UserSketch;

/**
 * The numbers of different users by slot, each from a sketch. Those of several buckets are no sums:
 * they come from the unions of the sketches.
 */
final class DistinctCounts implements SlotCounts {

  /** A map's entry with its boxed slot. */
  private static final int ENTRY_BYTES = 56;

  private final int log2Registers;
  private final TreeMap<Integer, UserSketch> sketches = new TreeMap<>();

  /** Nobody yet. */
  DistinctCounts(int log2Registers) {
    this.log2Registers = log2Registers;
  }

  int log2Registers() {
    return log2Registers;
  }

  /** Notes the users of rows; a row without one, or that takes something back, notes nobody. */
  void add(RowBlock rows, int from, int to) {
    for (int i = from; i < to; i++) {
      byte[] user = rows.user(i);
      if (user.length > 0 && rows.deltas[i] > 0) {
        sketches.computeIfAbsent(rows.slots[i], slot -> new UserSketch(log2Registers)).add(user);
      }
    }
  }

  /** The sketch of a slot, or null. */
  @Nullable UserSketch sketch(int slot) {
    return sketches.get(slot);
  }

  /** All sketches by slot. */
  Map<Integer, UserSketch> sketches() {
    return sketches;
  }

  /** Sets what a snapshot says. */
  void restore(int slot, UserSketch sketch) {
    sketches.put(slot, sketch);
  }

  @Override
  public long get(int slot) {
    UserSketch sketch = sketches.get(slot);
    return sketch == null ? 0 : sketch.users();
  }

  @Override
  public int forEach(long lowest, Consumer consumer) {
    int lower = 0;
    for (Map.Entry<Integer, UserSketch> entry : sketches.entrySet()) {
      long users = entry.getValue().users();
      if (users >= lowest) {
        consumer.accept(entry.getKey(), users);
      } else {
        lower++;
      }
    }
    return lower;
  }

  /** An estimate. */
  @Override
  public int cost() {
    return 64;
  }

  @Override
  public long bytes() {
    return sketches.values().stream().mapToLong(sketch -> ENTRY_BYTES + sketch.bytes()).sum();
  }
}
