package org.tallyring.benchmarks.engine;

/**
 * What this machine's memory costs: the time of a load that misses the caches when many are under
 * way at once. No engine that keeps a key's count somewhere in a large table takes less for an
 * increment than a few of them, so its speed is best given in this unit.
 */
final class MemoryFloor {

  private static final int LINE_LONGS = 8;
  private static final int LINES = 1 << 22;
  private static final int LOADS = 1 << 23;
  private static final int PASSES = 5;

  private MemoryFloor() {}

  /** The nanoseconds of one of many independent loads from 256 MiB; the best of some passes. */
  static double independentMissNanos() {
    long[] memory = new long[LINES * LINE_LONGS];
    for (int i = 0; i < memory.length; i += LINE_LONGS) {
      memory[i] = i;
    }
    double best = Double.MAX_VALUE;
    long sum = 0;
    for (int pass = 0; pass < PASSES; pass++) {
      long state = 0x9E3779B97F4A7C15L + pass;
      long started = System.nanoTime();
      for (int i = 0; i < LOADS; i++) {
        state ^= state << 13;
        state ^= state >>> 7;
        state ^= state << 17;
        sum += memory[(int) (state & (LINES - 1)) * LINE_LONGS];
      }
      best = Math.min(best, (double) (System.nanoTime() - started) / LOADS);
    }
    if (sum == 0) {
      throw new IllegalStateException("sum: 0 (expected: another number)");
    }
    return best;
  }
}
