package org.tallyring.benchmarks.load;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What became of a load's calls. Thread-safe. */
public final class Outcomes {

  /** An increment that failed, by metric and rank. */
  private record Failed(int metric, int rank) {}

  private final Latencies acknowledgements = new Latencies();
  private final Latencies reads = new Latencies();
  private final Latencies visibilities = new Latencies();
  private final Map<String, LongAdder> errors = new ConcurrentHashMap<>();
  private final Map<Failed, LongAdder> lost = new ConcurrentHashMap<>();
  private final Map<Failed, LongAdder> inDoubt = new ConcurrentHashMap<>();

  /** From when an increment was due to when its acknowledgement was there. */
  public Latencies acknowledgements() {
    return acknowledgements;
  }

  Latencies reads() {
    return reads;
  }

  /** From an acknowledgement to when the ranking of the cluster showed it. */
  Latencies visibilities() {
    return visibilities;
  }

  /** A call failed. */
  public void failed(String reason) {
    errors.computeIfAbsent(reason, unseen -> new LongAdder()).increment();
  }

  /**
   * An increment that was sent failed.
   *
   * @param doubtful whether it may count all the same
   */
  public void failed(String reason, int metric, int rank, boolean doubtful) {
    failed(reason);
    (doubtful ? inDoubt : lost)
        .computeIfAbsent(new Failed(metric, rank), unseen -> new LongAdder())
        .increment();
  }

  /** How many increments of a key were sent and do not count. */
  long lost(int metric, int rank) {
    return sum(lost, metric, rank);
  }

  /** How many increments of a key were sent and may or may not count. */
  long inDoubt(int metric, int rank) {
    return sum(inDoubt, metric, rank);
  }

  private static long sum(Map<Failed, LongAdder> failures, int metric, int rank) {
    if (failures.isEmpty()) {
      return 0;
    }
    LongAdder sum = failures.get(new Failed(metric, rank));
    return sum == null ? 0 : sum.sum();
  }

  /** Failed calls of all kinds by reason, in the order of reasons. */
  public Map<String, Long> errors() {
    Map<String, Long> sums = new TreeMap<>();
    errors.forEach((reason, count) -> sums.put(reason, count.sum()));
    return sums;
  }

  void measure(Window window) {
    acknowledgements.measure(window);
    reads.measure(window);
    visibilities.measure(window);
  }
}
