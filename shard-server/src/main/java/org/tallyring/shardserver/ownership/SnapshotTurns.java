package org.tallyring.shardserver.ownership;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.tallyring.shardserver.engine.SnapshotCut;

/**
 * Whose turn it is to write a snapshot down, of all ranges of a shard: one at a time, with a rest
 * after each. Thread-safe.
 *
 * <p>Ranges that fill alike are due together. Written one after the other without much of a rest
 * they keep the cores busy for seconds, with the writing, with storing megabytes, and with copying
 * what is shared with the cut when it is next counted in, while everybody's increments and reads
 * wait. With the rest all of that is spread over some ten seconds, and a range is cut only when it
 * is written. The rest is bounded, so that ranges with large states do not fall behind: of twenty
 * that are due together the last has its turn after twenty seconds and what writing the others
 * takes. There is no queue: a free turn goes to the range that is due and applies an entry first.
 */
final class SnapshotTurns {

  /** How many times as long as the writing the rest after it takes. */
  private static final int REST = 20;

  private static final long LONGEST_REST_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Executor writer;
  private final LongSupplier nanoTime;
  private boolean taken;
  private long freeAtNanos;

  /**
   * Nobody's turn.
   *
   * @param writer writes snapshots down
   * @param nanoTime a monotonic clock
   */
  SnapshotTurns(Executor writer, LongSupplier nanoTime) {
    this.writer = writer;
    this.nanoTime = nanoTime;
    freeAtNanos = nanoTime.getAsLong();
  }

  /** What writes, for snapshots that somebody waits for: they have no turns. */
  Executor writer() {
    return writer;
  }

  /** Takes the turn, which {@link #write} ends; false if it is somebody's, or there is a rest. */
  synchronized boolean take() {
    if (taken || nanoTime.getAsLong() - freeAtNanos < 0) {
      return false;
    }
    taken = true;
    return true;
  }

  /**
   * Cuts at once and writes down beside the caller.
   *
   * @return what is to be stored; storing is not part of the turn
   */
  CompletableFuture<List<byte[]>> write(Supplier<SnapshotCut> cutting) {
    SnapshotCut cut;
    try {
      cut = cutting.get();
    } catch (RuntimeException | Error defect) {
      end(nanoTime.getAsLong(), 0);
      throw defect;
    }
    return CompletableFuture.supplyAsync(() -> written(cut), writer);
  }

  private List<byte[]> written(SnapshotCut cut) {
    long begun = nanoTime.getAsLong();
    try {
      return cut.write();
    } finally {
      long ended = nanoTime.getAsLong();
      end(ended, ended - begun);
    }
  }

  private synchronized void end(long endedNanos, long writingNanos) {
    taken = false;
    freeAtNanos = endedNanos + Math.min(LONGEST_REST_NANOS, REST * writingNanos);
  }
}
