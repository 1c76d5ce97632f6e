package org.tallyring.shardserver.engine.strategy;

import java.util.Arrays;

/**
 * The hits of one key in the order of time, each with the sum of all up to it, so that the sum of
 * any period is one subtraction between two binary searches. Hits of the same millisecond are one.
 *
 * <p>A hit in the order of time is appended; a late one moves those after it in its block. Hits lie
 * in blocks of at most {@value #BLOCK_HITS}, each with sums of its own and the sum of all blocks
 * before it, because a key can have one in each of four million milliseconds: no single hit pays
 * for all, and a run and its {@link #copy} share what none of them has changed. Sums may wrap
 * around: their differences are right all the same.
 */
final class HitRun {

  private static final int BLOCK_HITS = 512;
  private static final int MIN_CAPACITY = 2;

  /** How much room a block behind a full one has at first. */
  private static final int NEXT_CAPACITY = 32;

  /** What an object of a run, or of a block, and its two arrays take besides their elements. */
  private static final int OBJECT_BYTES = 32 + 2 * 16;

  /** Some of the hits, without gaps. */
  private static final class Block {

    /** Of which run it is; one of another generation must not change it. */
    private final int generation;

    private final long[] times;
    private final long[] sums;
    private int size;

    Block(int generation, int capacity) {
      this.generation = generation;
      times = new long[capacity];
      sums = new long[capacity];
    }

    long lastMillis() {
      return times[size - 1];
    }

    long sumBefore(int place) {
      return place == 0 ? 0 : sums[place - 1];
    }
  }

  /** Rises with each copy, of which only the last may be changed. */
  private final int generation;

  // The blocks are [0, count); only if it is the only one, the first may be empty.
  private Block[] blocks;
  private long[] sumsBefore;
  private int count = 1;

  /** The first hit held, in the first block. */
  private int from;

  /** How many hits all blocks have room for. */
  private int capacity = MIN_CAPACITY;

  /** No hit. */
  HitRun() {
    generation = 0;
    blocks = new Block[] {new Block(0, MIN_CAPACITY)};
    sumsBefore = new long[1];
  }

  private HitRun(HitRun other) {
    generation = other.generation + 1;
    blocks = other.blocks.clone();
    sumsBefore = other.sumsBefore.clone();
    count = other.count;
    from = other.from;
    capacity = other.capacity;
  }

  /** A copy, to be changed in place of this one, which must stay as it is from now on. */
  HitRun copy() {
    return new HitRun(this);
  }

  boolean isEmpty() {
    return from == blocks[0].size;
  }

  /** What the structures take. */
  long bytes() {
    return OBJECT_BYTES
        + (long) blocks.length * (Integer.BYTES + Long.BYTES)
        + (long) count * OBJECT_BYTES
        + (long) capacity * (Long.BYTES + Long.BYTES);
  }

  /** Adds a hit; returns whether there is one more of them. */
  boolean add(long timeMillis, long delta) {
    int index = blockOf(timeMillis);
    int place = firstFrom(index, timeMillis);
    boolean isNew = place == blocks[index].size || blocks[index].times[place] != timeMillis;
    if (isNew) {
      makeRoom(index, timeMillis);
      // Where it belongs can have moved.
      index = blockOf(timeMillis);
    }
    Block block = forWriting(index);
    place = firstFrom(index, timeMillis);
    if (isNew) {
      System.arraycopy(block.times, place, block.times, place + 1, block.size - place);
      System.arraycopy(block.sums, place, block.sums, place + 1, block.size - place);
      block.times[place] = timeMillis;
      block.sums[place] = block.sumBefore(place);
      block.size++;
    }
    for (int i = place; i < block.size; i++) {
      block.sums[i] += delta;
    }
    for (int i = index + 1; i < count; i++) {
      sumsBefore[i] += delta;
    }
    return isNew;
  }

  /** The sum over {@code [startMillis, endMillis)}. */
  long sum(long startMillis, long endMillis) {
    return sumBefore(endMillis) - sumBefore(startMillis);
  }

  private long sumBefore(long timeMillis) {
    int index = blockOf(timeMillis);
    return sumsBefore[index] + blocks[index].sumBefore(firstFrom(index, timeMillis));
  }

  /** Whether {@link #prune} would drop anything. */
  boolean hasBefore(long floorMillis) {
    return !isEmpty() && blocks[0].times[from] < floorMillis;
  }

  /** Drops the hits before a time; returns how many. */
  int prune(long floorMillis) {
    int dropped = 0;
    int whole = 0;
    while (whole < count - 1 && blocks[whole].lastMillis() < floorMillis) {
      dropped += blocks[whole].size - (whole == 0 ? from : 0);
      capacity -= blocks[whole].times.length;
      whole++;
    }
    if (whole > 0) {
      count -= whole;
      from = 0;
      int length = count <= blocks.length / 4 ? count * 2 : blocks.length;
      blocks = Arrays.copyOf(Arrays.copyOfRange(blocks, whole, whole + count), length);
      sumsBefore = Arrays.copyOf(Arrays.copyOfRange(sumsBefore, whole, whole + count), length);
    }
    int first = firstFrom(0, floorMillis);
    dropped += first - from;
    from = first;
    int held = blocks[0].size - from;
    int room = blocks[0].times.length;
    // A quarter full at most: half the room, at least, is given back.
    if (room > 4 * MIN_CAPACITY && held <= room / 4) {
      replace(0, Math.max(MIN_CAPACITY, 2 * held));
    }
    return dropped;
  }

  /** Takes hits of one key. */
  @FunctionalInterface
  interface Consumer {
    /** Takes one hit. */
    void accept(long timeMillis, long delta);
  }

  /** All hits held, by time. */
  void forEach(Consumer consumer) {
    for (int index = 0; index < count; index++) {
      Block block = blocks[index];
      for (int i = index == 0 ? from : 0; i < block.size; i++) {
        consumer.accept(block.times[i], block.sums[i] - block.sumBefore(i));
      }
    }
  }

  /** The block that holds a time, if any does: the last one that does not begin after it. */
  private int blockOf(long timeMillis) {
    int low = 0;
    int high = count - 1;
    // Most hits are newer than all before.
    if (high > 0 && blocks[high].times[0] <= timeMillis) {
      return high;
    }
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (blocks[middle].times[0] <= timeMillis) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** The first place of a block with a hit at or after a time, or its end. */
  private int firstFrom(int index, long timeMillis) {
    Block block = blocks[index];
    int first = index == 0 ? from : 0;
    if (block.size == first || block.lastMillis() < timeMillis) {
      return block.size;
    }
    int found = Arrays.binarySearch(block.times, first, block.size, timeMillis);
    return found >= 0 ? found : -found - 1;
  }

  /** Makes room for one more hit where a time belongs, which can be in another block then. */
  private void makeRoom(int index, long timeMillis) {
    Block block = blocks[index];
    if (block.size < block.times.length) {
      return;
    }
    int held = block.size - (index == 0 ? from : 0);
    if (held < BLOCK_HITS) {
      replace(index, Math.max(MIN_CAPACITY, Math.min(BLOCK_HITS, 2 * held)));
    } else if (index == count - 1 && block.lastMillis() < timeMillis) {
      insert(count, new Block(generation, NEXT_CAPACITY), BLOCK_HITS);
      // An empty block has no beginning: this is its first hit's.
      blocks[count - 1].times[0] = timeMillis;
    } else {
      split(index);
    }
  }

  private void split(int index) {
    Block whole = replace(index, BLOCK_HITS);
    int half = BLOCK_HITS / 2;
    Block second = new Block(generation, BLOCK_HITS);
    second.size = BLOCK_HITS - half;
    System.arraycopy(whole.times, half, second.times, 0, second.size);
    for (int i = 0; i < second.size; i++) {
      second.sums[i] = whole.sums[half + i] - whole.sums[half - 1];
    }
    insert(index + 1, second, half);
    whole.size = half;
  }

  /** Puts in a block behind the first {@code hits} of the block before it. */
  private void insert(int index, Block block, int hits) {
    if (count == blocks.length) {
      blocks = Arrays.copyOf(blocks, count * 2);
      sumsBefore = Arrays.copyOf(sumsBefore, count * 2);
    }
    System.arraycopy(blocks, index, blocks, index + 1, count - index);
    System.arraycopy(sumsBefore, index, sumsBefore, index + 1, count - index);
    blocks[index] = block;
    sumsBefore[index] = sumsBefore[index - 1] + blocks[index - 1].sumBefore(hits);
    count++;
    capacity += block.times.length;
  }

  private Block forWriting(int index) {
    Block block = blocks[index];
    return block.generation == generation ? block : replace(index, block.times.length);
  }

  /** Replaces a block by one of this run alone, with what is held of it. */
  private Block replace(int index, int room) {
    Block old = blocks[index];
    int first = index == 0 ? from : 0;
    long dropped = old.sumBefore(first);
    Block block = new Block(generation, room);
    capacity += room - old.times.length;
    block.size = old.size - first;
    System.arraycopy(old.times, first, block.times, 0, block.size);
    for (int i = 0; i < block.size; i++) {
      block.sums[i] = old.sums[first + i] - dropped;
    }
    blocks[index] = block;
    sumsBefore[index] += dropped;
    if (index == 0) {
      from = 0;
    }
    return block;
  }
}
