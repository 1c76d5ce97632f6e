package org.tallyring.shardserver.journal;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The appends of one journal, in order, across segments and up to the first failure.
 *
 * <p><b>Order within a segment</b> is BookKeeper's: the appends of one ledger handle complete in
 * the order in which they were made, and after one has failed all later ones fail.
 *
 * <p><b>Order across segments</b> is kept by never having two segments under way. {@link #switchTo}
 * holds new entries back until every entry of the old segment is acknowledged, and only then sends
 * them to the new one. Were they sent earlier, an entry could reach stable storage although one
 * before it did not; the next owner would replay a sequence with a gap in it, take the producer's
 * repeat of the lost batch for a duplicate, and an increment would be gone.
 *
 * <p><b>After a failure nothing is tried again.</b> A failed entry may be in the ledger or not:
 * some bookies may have it. Only the recovery of the ledger by the next {@link RangeJournals#open}
 * settles that, the same way for everybody. Writing on in a new ledger, as might be tempting when a
 * bookie died and the others would do, would fix the order of the doubtful entries and of those
 * after them before anyone knows whether the doubtful ones exist. So the first failure is the end
 * of this journal, whatever its cause.
 *
 * <p><b>Threads.</b> One thread appends; acknowledgements come from BookKeeper's; switching,
 * closing and losing come from any. The lock guards the fields and is never held while BookKeeper
 * or a waiting future is called. Sending is nevertheless in order: while entries wait, only the
 * thread that empties the queue sends, and the appending thread queues behind.
 */
final class AppendQueue {

  /** An entry and, as it is BookKeeper's once it is sent, its size. */
  private record Waiting(ByteBuf entry, int size, CompletableFuture<Position> done) {

    Waiting(ByteBuf entry) {
      this(entry, entry.readableBytes(), new CompletableFuture<>());
    }
  }

  private final Object lock = new Object();
  private final Queue<Waiting> waiting = new ArrayDeque<>();
  private final Consumer<Throwable> onLost;
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private JournalState state = JournalState.OPEN;
  private Segment segment;
  private @Nullable Segment following;
  private @Nullable Runnable onSwitched;
  private @Nullable JournalLostException loss;
  private boolean closeAsked;
  private boolean busy;
  private int inFlight;
  private long segmentBytes;
  private long bytes;

  /**
   * An empty queue in front of a segment.
   *
   * @param onLost called once, with the cause, when the journal is lost
   */
  AppendQueue(Segment segment, Consumer<Throwable> onLost) {
    this.segment = segment;
    this.onLost = onLost;
  }

  /** The segment that entries go to. */
  Segment segment() {
    synchronized (lock) {
      return segment;
    }
  }

  JournalState state() {
    synchronized (lock) {
      return state;
    }
  }

  /** Bytes acknowledged in the present segment. */
  long segmentBytes() {
    synchronized (lock) {
      return segmentBytes;
    }
  }

  /** Bytes acknowledged in all segments. */
  long bytes() {
    synchronized (lock) {
      return bytes;
    }
  }

  /** Appends an entry, and releases it when it is not needed any more. */
  CompletableFuture<Position> append(ByteBuf entry) {
    Waiting append = new Waiting(entry);
    Segment target;
    synchronized (lock) {
      if (closeAsked) {
        entry.release();
        return CompletableFuture.failedFuture(refusal());
      }
      if (state == JournalState.OPEN) {
        inFlight++;
        target = segment;
      } else {
        waiting.add(append);
        target = null;
      }
    }
    if (target != null) {
      send(append, target);
    } else {
      advance();
    }
    return append.done();
  }

  /**
   * Goes on in another segment once every entry of the present one is acknowledged.
   *
   * @param then called when that has happened; never called if the journal ends before
   * @return false if the journal is ending, so that nothing will be written to the new segment
   */
  boolean switchTo(Segment next, Runnable then) {
    synchronized (lock) {
      if (state != JournalState.OPEN || closeAsked) {
        return false;
      }
      become(JournalState.SWITCHING);
      following = next;
      onSwitched = then;
    }
    advance();
    return true;
  }

  /** Takes no more entries; completes when those taken are answered. */
  CompletableFuture<Void> drain() {
    synchronized (lock) {
      closeAsked = true;
    }
    advance();
    return drained;
  }

  /** Notes that the segment was ended after {@link #drain}. */
  void closed() {
    synchronized (lock) {
      if (state.mayBecome(JournalState.CLOSED)) {
        become(JournalState.CLOSED);
      }
    }
  }

  /** Ends the journal: entries not yet acknowledged fail, and every later one. */
  void lose(Throwable cause) {
    synchronized (lock) {
      if (state.isFinal()) {
        return;
      }
      become(JournalState.LOST);
      loss =
          cause instanceof JournalLostException lost
              ? lost
              : lossBecauseOf("The journal is lost: " + cause.getMessage(), cause);
    }
    onLost.accept(cause);
    advance();
  }

  private static JournalLostException lossBecauseOf(String message, Throwable cause) {
    return Ledgers.isFenced(cause)
        ? JournalLostException.fenced(message, cause)
        : new JournalLostException(message, cause);
  }

  private void send(Waiting append, Segment target) {
    target
        .ledger()
        .appendAsync(append.entry())
        .whenComplete((entry, failure) -> answered(append, target, entry, failure));
  }

  private void answered(
      Waiting append, Segment target, @Nullable Long entry, @Nullable Throwable failure) {
    if (failure != null) {
      lose(failure);
    }
    JournalLostException lost;
    synchronized (lock) {
      lost = loss;
      if (lost == null) {
        segmentBytes += append.size();
        bytes += append.size();
      }
    }
    if (lost != null || entry == null) {
      append.done().completeExceptionally(lost != null ? lost : refusal());
    } else {
      append.done().complete(new Position(target.number(), entry));
    }
    // Only now, so that after a switch no later entry can complete before this one.
    synchronized (lock) {
      inFlight--;
    }
    advance();
  }

  /** Does what can be done while nothing is under way. One thread at a time; the others pass by. */
  private void advance() {
    while (true) {
      Runnable step;
      synchronized (lock) {
        step = busy || inFlight > 0 ? null : nextStep();
        if (step == null) {
          return;
        }
        busy = true;
      }
      try {
        step.run();
      } finally {
        synchronized (lock) {
          busy = false;
        }
      }
    }
  }

  private @Nullable Runnable nextStep() {
    switch (state) {
      case OPEN -> {
        if (closeAsked) {
          become(JournalState.CLOSING);
          return () -> drained.complete(null);
        }
        return null;
      }
      case SWITCHING -> {
        if (following != null) {
          segment = following;
          following = null;
          segmentBytes = 0;
          return onSwitched;
        }
        return this::sendWaiting;
      }
      case LOST -> {
        if (!waiting.isEmpty()) {
          return this::failWaiting;
        }
        return closeAsked && !drained.isDone() ? () -> drained.complete(null) : null;
      }
      default -> {
        return null;
      }
    }
  }

  /** Sends what queued during a switch, and ends the switch when the queue is empty. */
  private void sendWaiting() {
    while (true) {
      Waiting append;
      Segment target;
      synchronized (lock) {
        if (state != JournalState.SWITCHING) {
          return;
        }
        append = waiting.poll();
        if (append == null) {
          become(JournalState.OPEN);
          return;
        }
        inFlight++;
        target = segment;
      }
      send(append, target);
    }
  }

  private void failWaiting() {
    while (true) {
      Waiting append;
      synchronized (lock) {
        append = waiting.poll();
      }
      if (append == null) {
        return;
      }
      append.entry().release();
      append.done().completeExceptionally(refusal());
    }
  }

  private void become(JournalState next) {
    if (!state.mayBecome(next)) {
      throw new IllegalStateException(
          "state: %s (expected: none that may not become %s)".formatted(state, next));
    }
    state = next;
  }

  private JournalLostException refusal() {
    synchronized (lock) {
      return loss != null ? loss : new JournalLostException("The journal is closed");
    }
  }
}
