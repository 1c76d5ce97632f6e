package org.tallyring.shardserver.journal;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Lets only so many tasks run at once; the others wait for their turn, in order. Thread-safe, and
 * no thread waits.
 *
 * <p>BookKeeper asks a bookie for each entry by itself. A shard that takes all of its ranges at
 * once would put hundreds of thousands of small reads before one bookie, most of which would time
 * out, fail their ranges and be put again: a start that never ends, on a machine that is only slow.
 */
final class Turns {

  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private int free;

  /** So many at once. */
  Turns(int atOnce) {
    free = atOnce;
  }

  /** Runs a task when it is its turn, which ends when the task's future completes. */
  <T> CompletableFuture<T> run(Supplier<CompletableFuture<T>> task) {
    CompletableFuture<Void> turn = new CompletableFuture<>();
    begin(() -> turn.complete(null));
    return turn.thenCompose(began -> task.get()).whenComplete((result, failure) -> end());
  }

  private void begin(Runnable start) {
    synchronized (this) {
      if (free == 0) {
        waiting.add(start);
        return;
      }
      free--;
    }
    start.run();
  }

  private void end() {
    Runnable next;
    synchronized (this) {
      next = waiting.poll();
      if (next == null) {
        free++;
        return;
      }
    }
    next.run();
  }
}
