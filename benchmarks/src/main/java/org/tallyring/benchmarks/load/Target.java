package org.tallyring.benchmarks.load;

/** A running system that a load goes to. */
public interface Target extends AutoCloseable {

  /**
   * The way in for one of the senders.
   *
   * @param sender which one, from 0
   * @param senders how many there are
   */
  Producer producer(int sender, int senders);

  /** How many increments were acknowledged so far. */
  long acknowledged();

  /** What its servers have used so far. */
  ServerFigures figures();

  @Override
  void close();
}
