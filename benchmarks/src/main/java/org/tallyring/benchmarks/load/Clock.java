package org.tallyring.benchmarks.load;

import java.util.concurrent.locks.LockSupport;

/** The time that the load keeps, so that tests can keep another. Thread-safe. */
public interface Clock {

  /** The clock of the machine. */
  Clock SYSTEM =
      new Clock() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public void parkUntil(long nanos) {
          LockSupport.parkNanos(nanos - System.nanoTime());
        }
      };

  /** Nanoseconds since some moment. */
  long nanoTime();

  /** Waits until {@link #nanoTime} is there, or for less. */
  void parkUntil(long nanos);
}
