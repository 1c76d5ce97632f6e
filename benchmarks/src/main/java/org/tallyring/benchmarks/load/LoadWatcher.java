package org.tallyring.benchmarks.load;

import java.time.Duration;

/** Told how a load goes on, by one thread. */
public interface LoadWatcher {

  /** Watches nothing. */
  LoadWatcher NONE =
      new LoadWatcher() {
        @Override
        public void phase(String name, Duration length) {}

        @Override
        public void at(Duration elapsed, long acknowledged) {}
      };

  /**
   * Something begins.
   *
   * @param length how long it takes; zero if nobody knows
   */
  void phase(String name, Duration length);

  /** So long the phase takes already, and so many increments were acknowledged in the whole run. */
  void at(Duration elapsed, long acknowledged);
}
