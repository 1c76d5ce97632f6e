package org.tallyring.aggregator.fake;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A wall clock that stands until a test moves it. Thread-safe. */
public final class MovableClock implements InstantSource {

  private volatile Instant now;

  /** Stands at a moment. */
  public MovableClock(String now) {
    this.now = Instant.parse(now);
  }

  /** Moves on. */
  public synchronized void advance(Duration time) {
    now = now.plus(time);
  }

  @Override
  public Instant instant() {
    return now;
  }
}
