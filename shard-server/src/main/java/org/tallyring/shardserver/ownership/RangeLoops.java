package org.tallyring.shardserver.ownership;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The event loops: as many single threads as asked for, each the only writer of the ranges pinned
 * to it.
 *
 * <p>A range's state has no locks because every touch of it, reads included, is a task of its loop,
 * and a loop runs one task at a time in the order of submission.
 *
 * <p>Beside the loops, as many threads rebuild the state of ranges that are not served yet, for
 * which a loop would stand still for a second or more; and one thread writes down the snapshots of
 * all ranges, one after the other, and verifies ranges in between.
 */
public final class RangeLoops implements AutoCloseable {

  private final List<ExecutorService> loops = new ArrayList<>();
  private final ExecutorService replayer;
  private final ExecutorService snapshotWriter;
  private final SnapshotTurns snapshotTurns;

  /**
   * Starts the loops.
   *
   * @param name what thread names begin with
   * @param count how many; 0 for one per core
   */
  public RangeLoops(String name, int count) {
    int threads = count == 0 ? Runtime.getRuntime().availableProcessors() : count;
    for (int i = 0; i < threads; i++) {
      String threadName = name + "-loop-" + i;
      loops.add(Executors.newSingleThreadExecutor(task -> new Thread(task, threadName)));
    }
    AtomicInteger replayers = new AtomicInteger();
    replayer =
        Executors.newFixedThreadPool(
            threads, task -> new Thread(task, name + "-replay-" + replayers.getAndIncrement()));
    snapshotWriter =
        Executors.newSingleThreadExecutor(task -> new Thread(task, name + "-snapshots"));
    snapshotTurns = new SnapshotTurns(snapshotWriter, System::nanoTime);
  }

  /** The loop that a range is pinned to, for ever. */
  ExecutorService loopOf(int rangeId) {
    return loops.get(rangeId % loops.size());
  }

  /** What restores snapshots and replays journals. */
  ExecutorService replayer() {
    return replayer;
  }

  /** What writes down snapshots and verifies ranges. */
  ExecutorService snapshotWriter() {
    return snapshotWriter;
  }

  /** When snapshots are written. */
  SnapshotTurns snapshotTurns() {
    return snapshotTurns;
  }

  /** Lets the loops finish what was submitted, for a few seconds at most. */
  @Override
  public void close() {
    replayer.shutdownNow();
    snapshotWriter.shutdownNow();
    loops.forEach(ExecutorService::shutdown);
    for (ExecutorService loop : loops) {
      try {
        if (!loop.awaitTermination(5, TimeUnit.SECONDS)) {
          loop.shutdownNow();
        }
      } catch (InterruptedException e) {
        loop.shutdownNow();
        Thread.currentThread().interrupt();
      }
    }
  }
}
