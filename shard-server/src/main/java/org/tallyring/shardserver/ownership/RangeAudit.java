package org.tallyring.shardserver.ownership;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.shardserver.journal.Position;
import org.tallyring.shardserver.journal.RangeJournals;
import org.tallyring.shardserver.journal.StoredJournal;
import org.tallyring.shardserver.ownership.RangeReplay.ReplayException;

/**
 * Reads the journals of ranges that are held here, while the ranges go on: to verify them, and to
 * show what is in them. One range is verified at a time, since a second engine takes as much memory
 * as the range. Thread-safe.
 */
public final class RangeAudit {

  private static final Logger log = LoggerFactory.getLogger(RangeAudit.class);

  /**
   * How often a verification begins anew, because the journal was rolled or a snapshot took away
   * what was being read.
   */
  private static final int ATTEMPTS = 5;

  private static final long RETRY_MILLIS = 200;

  private final RangeJournals journals;
  private final Executor executor;
  private final ScheduledExecutorService scheduler;
  private final ShardMeters meters;
  private CompletableFuture<?> last = CompletableFuture.completedFuture(null);

  /**
   * Nothing is read yet.
   *
   * @param executor where entries are applied and states compared; not a loop
   * @param scheduler begins anew what failed
   */
  RangeAudit(
      RangeJournals journals,
      Executor executor,
      ScheduledExecutorService scheduler,
      ShardMeters meters) {
    this.journals = journals;
    this.executor = executor;
    this.scheduler = scheduler;
    this.meters = meters;
  }

  /**
   * Compares a range's live state and its stored snapshots with a replay of its journal, when the
   * verifications asked for before have ended. Null when it does not serve. Fails when what is
   * stored cannot be read.
   */
  public synchronized CompletableFuture<@Nullable RangeVerification> verify(OwnedRange range) {
    CompletableFuture<@Nullable RangeVerification> verified =
        last.handle((before, failure) -> range)
            .thenCompose(turn -> attempt(turn, 1))
            .whenComplete(
                (result, failure) -> {
                  if (result != null && result.mismatchCount() > 0) {
                    meters.mismatches(result.mismatchCount());
                    log.error(
                        "range {}: {} mismatches between its states and its journal",
                        range.rangeId(),
                        result.mismatchCount());
                  }
                });
    last = verified;
    return verified;
  }

  private CompletableFuture<@Nullable RangeVerification> attempt(OwnedRange range, int number) {
    return replay(range)
        .exceptionallyCompose(
            failure -> {
              boolean passing = !(unwrap(failure) instanceof ReplayException);
              if (!passing || number == ATTEMPTS || range.state() != RangeState.SERVING) {
                return CompletableFuture.failedFuture(unwrap(failure));
              }
              log.info("range {}: verified anew: {}", range.rangeId(), failure.toString());
              CompletableFuture<Void> pause = new CompletableFuture<>();
              Runnable goOn = () -> pause.complete(null);
              scheduler.schedule(goOn, RETRY_MILLIS, TimeUnit.MILLISECONDS);
              return pause.thenCompose(waited -> attempt(range, number + 1));
            });
  }

  private CompletableFuture<@Nullable RangeVerification> replay(OwnedRange range) {
    // The journal first: its newest snapshot is where a state is that nothing was applied to since.
    return journals
        .stored(range.rangeId())
        .thenCompose(
            stored ->
                range
                    .cut()
                    .thenCompose(cut -> replay(range, stored, cut))
                    .whenComplete((done, failure) -> stored.close()));
  }

  private CompletableFuture<@Nullable RangeVerification> replay(
      OwnedRange range, StoredJournal stored, @Nullable RangeCut cut) {
    return cut == null
        ? CompletableFuture.completedFuture(null)
        : new RangeReplay(range.rangeId(), stored, cut, executor).run().thenApply(done -> done);
  }

  /**
   * The journal of a range, as far as it was applied by now. Null when the range does not serve.
   */
  public CompletableFuture<@Nullable AppliedJournal> journal(OwnedRange range) {
    // The place first: the record knows its segment then.
    return range
        .applied()
        .thenCompose(
            applied ->
                applied == null
                    ? CompletableFuture.completedFuture(null)
                    : journals.stored(range.rangeId()).thenApply(stored -> upTo(applied, stored)));
  }

  private static @Nullable AppliedJournal upTo(Position applied, StoredJournal stored) {
    return new AppliedJournal(stored, RangeCut.reached(applied, stored));
  }

  private static Throwable unwrap(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
