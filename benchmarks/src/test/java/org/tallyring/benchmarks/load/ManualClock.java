package org.tallyring.benchmarks.load;

/** A clock that stands still until somebody waits for it or moves it. */
final class ManualClock implements Clock {

  private long now;

  ManualClock(long now) {
    this.now = now;
  }

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public void parkUntil(long nanos) {
    now = Math.max(now, nanos);
  }

  void pass(long nanos) {
    now += nanos;
  }
}
