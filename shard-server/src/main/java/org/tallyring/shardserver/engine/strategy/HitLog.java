package org.tallyring.shardserver.engine.strategy;

/**
 * Every hit of every key in a horizon, to the millisecond. What lies before the horizon is dropped
 * as later hits come: those of a key when it is hit again, those of idle keys by a sweep that
 * visits a few keys with each hit, so that no single increment pays for all.
 *
 * <p>The horizon is measured back from the highest event time seen and never from a clock. Hits are
 * kept {@value #SLACK_MILLIS} ms longer than that, because an event may be ahead of the clock by as
 * much, and a span that ends now must still be whole.
 *
 * <p>Keys are slots here. The sweep's place is part of the state.
 */
public final class HitLog {

  /** The longest horizon. */
  public static final long MAX_HORIZON_MILLIS = 3_600_000;

  /** How far an event may be ahead of the clock. */
  static final long SLACK_MILLIS = 300_000;

  private static final int SWEPT_PER_HIT = 2;

  private static final int MIN_SWEEP_LENGTH = 16;

  private final long horizonMillis;
  private FreezableTree<HitRun> runs = new FreezableTree<>(HitRun::copy);
  private long highestMillis = Long.MIN_VALUE;
  private long entries;
  private long pruned;
  private int sweepSlot;
  private long runBytes;

  /** A power of two above every slot so far. */
  private int sweepLength = MIN_SWEEP_LENGTH;

  /** Takes sums by slot. */
  @FunctionalInterface
  public interface SumConsumer {
    /** Takes one sum, never 0. */
    void accept(int slot, long sum);
  }

  /** Takes hits. */
  @FunctionalInterface
  public interface HitConsumer {
    /** Takes one hit. */
    void accept(int slot, long timeMillis, long delta);
  }

  /**
   * An empty log.
   *
   * @param horizonMillis 1 to {@value #MAX_HORIZON_MILLIS}
   */
  public HitLog(long horizonMillis) {
    if (horizonMillis < 1 || horizonMillis > MAX_HORIZON_MILLIS) {
      throw new IllegalArgumentException(
          "horizonMillis: " + horizonMillis + " (expected: 1.." + MAX_HORIZON_MILLIS + ")");
    }
    this.horizonMillis = horizonMillis;
  }

  /** How far back hits are kept. */
  public long horizonMillis() {
    return horizonMillis;
  }

  /** The highest event time seen; the least number if there is none. */
  public long highestMillis() {
    return highestMillis;
  }

  /** Hits from this time on are all here; the least number while there are none. */
  public long floorMillis() {
    return highestMillis == Long.MIN_VALUE
        ? Long.MIN_VALUE
        : highestMillis - horizonMillis - SLACK_MILLIS;
  }

  /** How many hits are held; hits of a key in the same millisecond are one. */
  public long entries() {
    return entries;
  }

  /** How many were dropped, ever. */
  public long pruned() {
    return pruned;
  }

  /** The slot that the sweep visited last. */
  public int sweepSlot() {
    return sweepSlot;
  }

  /** After how many slots the sweep begins again. */
  public int sweepLength() {
    return sweepLength;
  }

  /** What the structures take, about. */
  public long bytes() {
    return runs.bytes() + runBytes;
  }

  /** Adds a hit; one before the horizon counts as dropped. */
  public void add(int slot, long timeMillis, long delta) {
    highestMillis = Math.max(highestMillis, timeMillis);
    if (timeMillis < floorMillis()) {
      pruned++;
    } else {
      put(slot, timeMillis, delta);
      prune(slot);
    }
    for (int i = 0; i < SWEPT_PER_HIT; i++) {
      sweepSlot = sweepSlot < sweepLength - 1 ? sweepSlot + 1 : 0;
      prune(sweepSlot);
    }
  }

  /** The sum of a slot's hits in {@code [startMillis, endMillis)}, of those held. */
  public long sum(int slot, long startMillis, long endMillis) {
    HitRun run = runs.get(slot);
    return run == null ? 0 : run.sum(startMillis, endMillis);
  }

  /** The sums of all slots in {@code [startMillis, endMillis)}, by slot. */
  public void forEachSum(long startMillis, long endMillis, SumConsumer consumer) {
    runs.forEach(
        (slot, run) -> {
          long sum = run.sum(startMillis, endMillis);
          if (sum != 0) {
            consumer.accept(slot, sum);
          }
        });
  }

  /** All hits held, by slot and time. */
  public void forEachHit(HitConsumer consumer) {
    runs.forEach(
        (slot, run) ->
            run.forEach((timeMillis, delta) -> consumer.accept(slot, timeMillis, delta)));
  }

  /** A view of the log as it is, which stays the same, also on another thread. */
  public HitLog frozen() {
    HitLog view = new HitLog(horizonMillis);
    view.runs = runs.frozen();
    view.highestMillis = highestMillis;
    view.entries = entries;
    view.pruned = pruned;
    view.sweepSlot = sweepSlot;
    view.sweepLength = sweepLength;
    view.runBytes = runBytes;
    return view;
  }

  /** Sets what a snapshot says, before its hits. */
  public void restore(
      long restoredHighestMillis,
      long restoredPruned,
      int restoredSweepSlot,
      int restoredSweepLength) {
    highestMillis = restoredHighestMillis;
    pruned = restoredPruned;
    sweepSlot = restoredSweepSlot;
    sweepLength = restoredSweepLength;
  }

  /** Puts back one hit of a snapshot. */
  public void restoreHit(int slot, long timeMillis, long delta) {
    put(slot, timeMillis, delta);
  }

  /** Takes in what another log, of other keys, says of itself as a whole. */
  public void merge(long otherHighestMillis, long otherPruned) {
    highestMillis = Math.max(highestMillis, otherHighestMillis);
    pruned += otherPruned;
  }

  /** Takes one hit of the other log; one before the horizon counts as dropped. */
  public void mergeHit(int slot, long timeMillis, long delta) {
    if (timeMillis < floorMillis()) {
      pruned++;
    } else {
      put(slot, timeMillis, delta);
    }
  }

  private void put(int slot, long timeMillis, long delta) {
    if (slot >= sweepLength) {
      sweepLength = powerOfTwoAbove(slot);
    }
    HitRun held = runs.get(slot);
    runBytes -= held == null ? 0 : held.bytes();
    HitRun run = runs.forWriting(slot, HitRun::new);
    if (run.add(timeMillis, delta)) {
      entries++;
    }
    runBytes += run.bytes();
  }

  private void prune(int slot) {
    HitRun held = runs.get(slot);
    if (held == null || !held.hasBefore(floorMillis())) {
      return;
    }
    HitRun run = runs.forWriting(slot, HitRun::new);
    runBytes -= run.bytes();
    int dropped = run.prune(floorMillis());
    pruned += dropped;
    entries -= dropped;
    if (run.isEmpty()) {
      runs.remove(slot);
    } else {
      runBytes += run.bytes();
    }
  }

  private static int powerOfTwoAbove(int slot) {
    return Math.toIntExact(Long.highestOneBit(slot) * 2);
  }
}
