package org.tallyring.systemtests.chaos;

import java.util.List;

/** What a load sends: an endless stream of increments. Not thread-safe. */
public interface Traffic {

  /**
   * An increment.
   *
   * @param key its key's place in {@link #keys}
   * @param metric its metric's place in {@link #metrics}
   * @param delta how much, positive
   * @param timeMillis the event time
   */
  record Step(int key, int metric, long delta, long timeMillis) {}

  /** Every key that can come; the first are the ones that come most often. */
  List<String> keys();

  /** Every metric that can come. */
  List<String> metrics();

  /** The next increment. */
  Step next();
}
