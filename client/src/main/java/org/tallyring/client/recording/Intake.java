package org.tallyring.client.recording;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.RecordResult;

/**
 * The caller's side of a lane: the batch of one range that is being built.
 *
 * <p>Callers hold the lock only to add a row. Sealed batches are handed over while it is held, so
 * that they arrive in the order in which they were built: the order of a key is kept. Thread-safe.
 */
final class Intake {

  /** What became of an increment. */
  enum Taken {
    /** It begins a batch, which somebody has to seal in time. */
    FIRST,
    /** It is another row of the batch. */
    ADDED,
    /** It repeats a row of the batch, and takes no room. */
    REPEATED
  }

  /** As many as a row can be. */
  private static final int MAX_REPEATS = 1_000_000;

  private final LongSupplier nanoTime;
  private final RowIndex index = new RowIndex();
  private final Consumer<Batch> sealed;
  private @Nullable Columns columns;
  private @Nullable CompletableFuture<RecordResult> @Nullable [] futures;
  private long bytes;
  private long begunAt;

  /** The batch before: the next one will have about as many rows, and need not grow to that. */
  private int lastRows;

  private int lastRowBytes;
  private boolean closed;

  /**
   * @param nanoTime the loop's clock
   * @param sealed takes the batches, in order; must neither block nor call back
   */
  Intake(LongSupplier nanoTime, Consumer<Batch> sealed) {
    this.nanoTime = nanoTime;
    this.sealed = sealed;
  }

  /**
   * Adds an increment: to a row that is alike, if nobody asks for its result, or as another row.
   *
   * @param keyHash the key's hash
   * @param rowBytes what a row takes of the byte budget
   * @throws IllegalStateException if the intake is closed; the increment was not added
   */
  synchronized Taken append(
      String metric,
      byte[] key,
      long keyHash,
      byte[] user,
      long delta,
      long time,
      byte @Nullable [] eventId,
      int rowBytes,
      @Nullable CompletableFuture<RecordResult> future) {
    if (closed) {
      throw new IllegalStateException("client: closed (expected: open)");
    }
    boolean timed = time != Columns.UNTIMED;
    Columns open = columns;
    if (open != null && open.isTimed() != timed) {
      seal();
      open = null;
    }
    boolean canRepeat = future == null && eventId == null && user.length == 0;
    if (canRepeat && open != null && repeat(open, metric, key, keyHash, delta, time)) {
      return Taken.REPEATED;
    }
    boolean begins = open == null;
    if (open == null) {
      open = new Columns(timed, lastRows, lastRowBytes);
      columns = open;
      begunAt = nanoTime.getAsLong();
    }
    if (canRepeat) {
      index.add(keyHash, open.rows());
    }
    open.append(metric, key, 0, key.length, delta, time, eventId);
    open.setUser(user, 0, user.length);
    bytes += rowBytes;
    if (future != null) {
      keep(future, open.rows() - 1);
    }
    if (open.rows() >= RecordingSettings.BATCH_ROWS
        || open.rowBytes() >= RecordingSettings.BATCH_KEY_BYTES) {
      seal();
      return Taken.ADDED;
    }
    return begins ? Taken.FIRST : Taken.ADDED;
  }

  private boolean repeat(
      Columns open, String metric, byte[] key, long keyHash, long delta, long time) {
    int row = index.find(keyHash, each -> open.isRow(each, metric, key, delta, time));
    if (row == RowIndex.NONE) {
      return false;
    }
    if (open.repeat(row) == MAX_REPEATS) {
      seal();
    }
    return true;
  }

  /** Hands over the batch being built, if there is one. */
  synchronized void seal() {
    Columns full = columns;
    if (full == null) {
      return;
    }
    sealed.accept(new Batch(full, futures, bytes, begunAt));
    lastRows = full.rows();
    lastRowBytes = full.rowBytes();
    index.clear();
    columns = null;
    futures = null;
    bytes = 0;
  }

  /** Hands over the batch being built if it was begun at {@code time} or before. */
  synchronized void sealIfBegunBy(long time) {
    if (columns != null && begunAt - time <= 0) {
      seal();
    }
  }

  /** Whether a batch is being built. */
  synchronized boolean isBuilding() {
    return columns != null;
  }

  /** Hands over what there is and takes no more. */
  synchronized void close() {
    closed = true;
    seal();
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private void keep(CompletableFuture<RecordResult> future, int row) {
    @Nullable CompletableFuture<RecordResult>[] kept = futures;
    if (kept == null) {
      kept = new CompletableFuture[Math.max(16, row + 1)];
    } else if (row >= kept.length) {
      kept = Arrays.copyOf(kept, Math.max(kept.length * 2, row + 1));
    }
    kept[row] = future;
    futures = kept;
  }
}
