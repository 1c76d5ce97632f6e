package org.tallyring.benchmarks.load;

/** How often one sender sent each key. Written by one thread, read after it has ended. */
final class SentCounts {

  private final int[][] byMetric;

  SentCounts(int metrics, int keys) {
    byMetric = new int[metrics][keys];
  }

  void add(int metric, int rank) {
    byMetric[metric][rank]++;
  }

  long of(int metric, int rank) {
    return byMetric[metric][rank];
  }
}
