package org.tallyring.shardserver.engine.strategy;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

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

  /** What an object of a run and its two arrays take besides their elements. */
  private static final int RUN_BYTES = 48 + 2 * 16;

  private final long horizonMillis;
  private @Nullable HitRun[] runs = new HitRun[16];
  private long highestMillis = Long.MIN_VALUE;
  private long entries;
  private long pruned;
  private int sweepSlot;

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
    return runs.length;
  }

  /** What the structures take, about. */
  public long bytes() {
    long bytes = runs.length * 4L;
    for (HitRun run : runs) {
      bytes += run == null ? 0 : RUN_BYTES + run.bytes();
    }
    return bytes;
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
      sweepSlot = sweepSlot < runs.length - 1 ? sweepSlot + 1 : 0;
      prune(sweepSlot);
    }
  }

  /** The sum of a slot's hits in {@code [startMillis, endMillis)}, of those held. */
  public long sum(int slot, long startMillis, long endMillis) {
    HitRun run = slot < runs.length ? runs[slot] : null;
    return run == null ? 0 : run.sum(startMillis, endMillis);
  }

  /** The sums of all slots in {@code [startMillis, endMillis)}, by slot. */
  public void forEachSum(long startMillis, long endMillis, SumConsumer consumer) {
    for (int slot = 0; slot < runs.length; slot++) {
      long sum = sum(slot, startMillis, endMillis);
      if (sum != 0) {
        consumer.accept(slot, sum);
      }
    }
  }

  /** All hits held, by slot and time. */
  public void forEachHit(HitConsumer consumer) {
    for (int slot = 0; slot < runs.length; slot++) {
      HitRun run = runs[slot];
      for (int i = 0; run != null && i < run.size(); i++) {
        consumer.accept(slot, run.timeMillis(i), run.delta(i));
      }
    }
  }

  /** Sets what a snapshot says, before its hits. */
  public void restore(
      long restoredHighestMillis, long restoredPruned, int restoredSweepSlot, int sweepLength) {
    highestMillis = restoredHighestMillis;
    pruned = restoredPruned;
    sweepSlot = restoredSweepSlot;
    runs = new HitRun[sweepLength];
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
    if (slot >= runs.length) {
      runs = Arrays.copyOf(runs, powerOfTwoAbove(slot));
    }
    HitRun run = runs[slot];
    if (run == null) {
      run = new HitRun();
      runs[slot] = run;
    }
    if (run.add(timeMillis, delta)) {
      entries++;
    }
  }

  private void prune(int slot) {
    HitRun run = runs[slot];
    if (run == null) {
      return;
    }
    int dropped = run.prune(floorMillis());
    pruned += dropped;
    entries -= dropped;
    if (run.size() == 0) {
      runs[slot] = null;
    }
  }

  private static int powerOfTwoAbove(int slot) {
    return Math.toIntExact(Long.highestOneBit(slot) * 2);
  }
}
