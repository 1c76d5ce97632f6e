package org.tallyring.benchmarks.load;

/** What a thread of a load does: calls, from the window's start to its end. */
interface Worker {

  /** Works until the window is over and everything it called has ended. */
  void work(Window window, Clock clock) throws InterruptedException;
}
