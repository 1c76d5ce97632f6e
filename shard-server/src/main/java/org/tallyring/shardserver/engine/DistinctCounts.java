package org.tallyring.shardserver.engine;

import org.jspecify.annotations.Nullable;
import org.tallyring.shardserver.engine.strategy.FreezableTree;
import org.tallyring.shardserver.engine.strategy.UserSketch;

/**
 * The numbers of different users by slot, each from a sketch. Those of several buckets are no sums:
 * they come from the unions of the sketches.
 */
final class DistinctCounts implements SlotCounts {

  private final int log2Registers;
  private final FreezableTree<UserSketch> sketches;
  private long sketchBytes;

  /** Nobody yet. */
  DistinctCounts(int log2Registers) {
    this.log2Registers = log2Registers;
    this.sketches = new FreezableTree<>(UserSketch::copy);
  }

  private DistinctCounts(DistinctCounts other) {
    log2Registers = other.log2Registers;
    sketches = other.sketches.frozen();
    sketchBytes = other.sketchBytes;
  }

  /** A view of them as they are, which stays the same, also on another thread. */
  DistinctCounts frozen() {
    return new DistinctCounts(this);
  }

  int log2Registers() {
    return log2Registers;
  }

  /** Notes the users of rows; a row without one, or that takes something back, notes nobody. */
  void add(RowBlock rows, int from, int to) {
    for (int i = from; i < to; i++) {
      byte[] user = rows.user(i);
      if (user.length > 0 && rows.deltas[i] > 0) {
        UserSketch sketch = sketches.get(rows.slots[i]);
        sketchBytes -= sketch == null ? 0 : sketch.bytes();
        sketch = sketches.forWriting(rows.slots[i], () -> new UserSketch(log2Registers));
        sketch.add(user);
        sketchBytes += sketch.bytes();
      }
    }
  }

  /** The sketch of a slot, or null. */
  @Nullable UserSketch sketch(int slot) {
    return sketches.get(slot);
  }

  /** Gives all sketches, by rising slot. */
  void forEachSketch(FreezableTree.Consumer<UserSketch> consumer) {
    sketches.forEach(consumer);
  }

  /** Sets what a snapshot says. */
  void restore(int slot, UserSketch sketch) {
    UserSketch before = sketches.get(slot);
    sketchBytes += sketch.bytes() - (before == null ? 0 : before.bytes());
    sketches.put(slot, sketch);
  }

  @Override
  public long get(int slot) {
    UserSketch sketch = sketches.get(slot);
    return sketch == null ? 0 : sketch.users();
  }

  @Override
  public int forEach(long lowest, Consumer consumer) {
    int[] lower = new int[1];
    sketches.forEach(
        (slot, sketch) -> {
          long users = sketch.users();
          if (users >= lowest) {
            consumer.accept(slot, users);
          } else {
            lower[0]++;
          }
        });
    return lower[0];
  }

  /** A sketch is made for its first user. */
  @Override
  public int size() {
    return sketches.size();
  }

  /** An estimate. */
  @Override
  public int cost() {
    return 64;
  }

  @Override
  public long bytes() {
    return sketches.bytes() + sketchBytes;
  }
}
