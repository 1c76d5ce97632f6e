package org.tallyring.benchmarks.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tallyring.benchmarks.keys.ZipfKeys;

/** The counts of all keys of a load, at one time. */
final class CountTable {

  private final long[][] byMetric;

  private CountTable(long[][] byMetric) {
    this.byMetric = byMetric;
  }

  /**
   * Reads them all.
   *
   * @throws IllegalStateException if the reader leaves a key out
   */
  static CountTable read(CountReader reader, int metrics, int keys) {
    long[][] counts = new long[metrics][keys];
    for (int metric = 0; metric < metrics; metric++) {
      for (int from = 0; from < keys; from += CountReader.MAX_KEYS) {
        int to = Math.min(keys, from + CountReader.MAX_KEYS);
        List<String> page = new ArrayList<>(to - from);
        for (int rank = from; rank < to; rank++) {
          page.add(ZipfKeys.key(rank));
        }
        Map<String, Long> answer = reader.read(metric, page);
        for (int rank = from; rank < to; rank++) {
          Long count = answer.get(page.get(rank - from));
          if (count == null) {
            throw new IllegalStateException(
                "count: none of key " + page.get(rank - from) + " (expected: one of each)");
          }
          counts[metric][rank] = count;
        }
      }
    }
    return new CountTable(counts);
  }

  int metrics() {
    return byMetric.length;
  }

  int keys() {
    return byMetric[0].length;
  }

  String key(int rank) {
    return ZipfKeys.key(rank);
  }

  long count(int metric, int rank) {
    return byMetric[metric][rank];
  }
}
