package org.tallyring.shardserver.ownership;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds the bytes of batches that a shard holds unanswered, so that a slow disk slows producers
 * down instead of filling the heap. Thread-safe.
 */
final class InFlightBudget {

  private final long limit;
  private final AtomicLong used = new AtomicLong();

  InFlightBudget(long limit) {
    this.limit = limit;
  }

  /**
   * Takes bytes unless that would exceed the limit. A single batch over the limit passes when
   * alone.
   */
  boolean tryTake(int bytes) {
    long before = used.getAndAdd(bytes);
    if (before > 0 && before + bytes > limit) {
      used.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  void giveBack(int bytes) {
    used.addAndGet(-bytes);
  }
}
