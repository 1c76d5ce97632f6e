package org.tallyring.benchmarks.load;

/** One sender's way into a system. Used by one thread. */
public interface Producer {

  /**
   * Sends an increment by 1, waiting while too much is unanswered.
   *
   * @param metric which metric, from 0
   * @param rank the rank of the key
   * @param dueNanos when it was due
   * @param sampled whether to note its latency
   * @return false if it was not sent; the outcomes have been told why
   */
  boolean send(int metric, int rank, long dueNanos, boolean sampled);

  /**
   * How many to send between two looks at the clock, which costs as much as some increments. What
   * has no rate is due when the clock was last looked at, so where each is waited for, this is 1:
   * otherwise the latency of the last of a burst would have the calls before it in it.
   */
  int burst();

  /** Nothing is due at the moment: sends what was held back, takes in what was answered. */
  void idle();

  /** Waits until everything that was sent is answered or has failed. */
  void finish();
}
