package org.tallyring.benchmarks.load;

import java.util.List;
import java.util.Map;

/** Reads counts over all time from the system that a load went to. */
public interface CountReader {

  /** The most keys of a call. */
  int MAX_KEYS = 10_000;

  /**
   * The counts of keys, 0 for one that was never counted.
   *
   * @param metric which metric, from 0
   */
  Map<String, Long> read(int metric, List<String> keys);
}
