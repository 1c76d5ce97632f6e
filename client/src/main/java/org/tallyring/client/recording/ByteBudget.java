package org.tallyring.client.recording;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.tallyring.client.TallyringException;
import org.tallyring.proto.v1.ErrorReason;

/**
 * Bounds the bytes of increments that wait for their answers, and makes callers wait while there is
 * no room. Thread-safe.
 *
 * <p>The common case is one atomic addition. The sum may pass the limit for the moment in which
 * callers find out that there is no room and take their addition back; what is kept never does.
 */
final class ByteBudget {

  private final long limit;
  private final LongSupplier nanoTime;
  private final long patienceNanos;
  private final AtomicLong used = new AtomicLong();
  private volatile int waiting;
  private volatile boolean closed;

  /**
   * @param limit the most bytes
   * @param patienceNanos how long a caller waits for room, by {@code nanoTime}
   */
  ByteBudget(long limit, long patienceNanos, LongSupplier nanoTime) {
    this.limit = limit;
    this.patienceNanos = patienceNanos;
    this.nanoTime = nanoTime;
  }

  /**
   * Takes room, waiting for it if need be.
   *
   * @throws TallyringException with OVERLOADED if there is none in time, or the thread is
   *     interrupted
   * @throws IllegalStateException if the budget is closed
   */
  void acquire(int bytes) {
    if (!tryAcquire(bytes)) {
      await(bytes);
    }
  }

  /** Gives room back. */
  void release(long bytes) {
    used.addAndGet(-bytes);
    // A caller counts itself as waiting before it looks at the sum for the last time, so either it
    // sees this release or it is seen here.
    if (waiting > 0) {
      wake();
    }
  }

  /** Lets waiting callers look at the clock; their patience ends in no other way. */
  void tick() {
    if (waiting > 0) {
      wake();
    }
  }

  /** Refuses all callers from now on, also those that wait. */
  void close() {
    closed = true;
    wake();
  }

  /** The bytes taken. */
  long used() {
    return used.get();
  }

  /** How many callers wait. */
  int waiting() {
    return waiting;
  }

  private boolean tryAcquire(int bytes) {
    if (used.addAndGet(bytes) <= limit) {
      return true;
    }
    used.addAndGet(-bytes);
    return false;
  }

  private synchronized void wake() {
    notifyAll();
  }

  private synchronized void await(int bytes) {
    long begin = nanoTime.getAsLong();
    waiting++;
    try {
      while (!closed && !tryAcquire(bytes)) {
        if (nanoTime.getAsLong() - begin >= patienceNanos) {
          throw TallyringException.definite(
              ErrorReason.ERROR_REASON_OVERLOADED,
              "maxBytesInFlight: "
                  + limit
                  + " bytes wait for their answers (expected: room for "
                  + bytes
                  + " more before the deadline)");
        }
        wait();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw TallyringException.definite(
          ErrorReason.ERROR_REASON_OVERLOADED,
          "interrupted while waiting for room in maxBytesInFlight",
          interrupted);
    } finally {
      waiting--;
    }
    if (closed) {
      throw new IllegalStateException("client: closed (expected: open)");
    }
  }
}
