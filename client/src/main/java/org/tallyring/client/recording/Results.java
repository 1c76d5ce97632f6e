package org.tallyring.client.recording;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.client.Increment;
import org.tallyring.client.RecordFailure;
import org.tallyring.client.RecordResult;
import org.tallyring.client.RecordTotals;
import org.tallyring.client.TallyringException;

/**
 * Tells callers how their increments ended, and gives back the room they took.
 *
 * <p>What callers hang on a future, and their listener, runs on a thread of its own: it may take
 * its time and may record again, neither of which the loop could afford. Room is given back before
 * that, so a listener that waits for room does not wait for itself.
 *
 * <p>Confined to the loop, but for {@link #totals()}.
 */
final class Results {

  private static final Logger logger = LoggerFactory.getLogger(Results.class);

  private final Executor callbacks;
  private final ByteBudget budget;
  private final @Nullable Consumer<RecordFailure> onFailure;
  private final LongAdder applied = new LongAdder();
  private final LongAdder duplicate = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder inDoubt = new LongAdder();

  Results(Executor callbacks, ByteBudget budget, @Nullable Consumer<RecordFailure> onFailure) {
    this.callbacks = callbacks;
    this.budget = budget;
    this.onFailure = onFailure;
  }

  /**
   * The batch counts.
   *
   * @param duplicateRows the rows that counted before
   */
  void succeed(Batch batch, BitSet duplicateRows) {
    budget.release(batch.bytes);
    if (batch.givenUp) {
      return;
    }
    int repeated = duplicateRows.stream().map(batch.columns::increments).sum();
    applied.add(batch.columns.increments() - repeated);
    duplicate.add(repeated);
    @Nullable CompletableFuture<RecordResult>[] futures = batch.futures;
    if (futures == null) {
      batch.settled.complete(null);
      return;
    }
    callbacks.execute(
        () -> {
          for (int row = 0; row < futures.length; row++) {
            CompletableFuture<RecordResult> future = futures[row];
            if (future != null) {
              future.complete(
                  duplicateRows.get(row) ? RecordResult.DUPLICATE : RecordResult.APPLIED);
            }
          }
          batch.settled.complete(null);
        });
  }

  /** The batch has ended without success. */
  void fail(Batch batch, TallyringException cause) {
    budget.release(batch.bytes);
    if (!batch.givenUp) {
      tell(batch, row -> cause, row -> true);
    }
  }

  /**
   * The callers wait no longer, but the batch goes on. It keeps its room, as it keeps its memory.
   */
  void giveUp(Batch batch, TallyringException cause) {
    tell(batch, row -> cause, row -> true);
    batch.givenUp = true;
    batch.futures = null;
  }

  /** Nobody waits for the batch any more and it is over. */
  void release(Batch batch) {
    budget.release(batch.bytes);
  }

  /** Some rows have failed: they leave the batch. */
  void failRows(Batch batch, Refusal refusal) {
    if (!batch.givenUp) {
      tell(batch, refusal::failure, refusal.invalidRows()::get);
    }
    @Nullable CompletableFuture<RecordResult>[] futures = batch.futures;
    if (futures != null) {
      int kept = 0;
      for (int row = 0; row < Math.min(futures.length, batch.columns.rows()); row++) {
        if (!refusal.invalidRows().get(row)) {
          futures[kept++] = futures[row];
        }
      }
      Arrays.fill(futures, kept, futures.length, null);
    }
    batch.columns = batch.columns.without(refusal.invalidRows());
  }

  /** Runs a task when everything said so far has reached those it was said to. */
  void whenHeard(Runnable task) {
    callbacks.execute(task);
  }

  /** The totals so far. */
  RecordTotals totals() {
    return new RecordTotals(applied.sum(), duplicate.sum(), failed.sum(), inDoubt.sum());
  }

  private void tell(Batch batch, IntFunction<TallyringException> causes, IntPredicate isMeant) {
    Columns columns = batch.columns;
    @Nullable CompletableFuture<RecordResult>[] futures =
        batch.futures == null ? null : batch.futures.clone();
    int[] rows = IntStream.range(0, columns.rows()).filter(isMeant).toArray();
    if (rows.length == 0) {
      batch.settled.complete(null);
      return;
    }
    boolean all = rows.length == columns.rows();
    int lost = Arrays.stream(rows).map(columns::increments).sum();
    (causes.apply(rows[0]).isInDoubt() ? inDoubt : failed).add(lost);
    callbacks.execute(
        () -> {
          List<Increment> increments = columns.examples();
          int unheard = 0;
          for (int row : rows) {
            CompletableFuture<RecordResult> future =
                futures == null || row >= futures.length ? null : futures[row];
            if (future != null) {
              future.completeExceptionally(causes.apply(row));
            } else if (onFailure == null) {
              unheard += columns.increments(row);
            } else {
              RecordFailure failure = new RecordFailure(increments.get(row), causes.apply(row));
              for (int i = columns.increments(row); i > 0; i--) {
                tell(onFailure, failure);
              }
            }
          }
          if (unheard > 0) {
            logger.warn(
                "{} increments were not recorded, the first is {}: {}. Set onFailure to handle"
                    + " each of them.",
                unheard,
                increments.get(rows[0]),
                causes.apply(rows[0]).getMessage());
          }
          if (all) {
            batch.settled.complete(null);
          }
        });
  }

  private static void tell(Consumer<RecordFailure> listener, RecordFailure failure) {
    try {
      listener.accept(failure);
    } catch (RuntimeException broken) {
      logger.error("The onFailure listener failed on {}.", failure, broken);
    }
  }
}
