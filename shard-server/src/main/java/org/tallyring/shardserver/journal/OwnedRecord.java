package org.tallyring.shardserver.journal;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.UnaryOperator;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.shardserver.coordination.ConflictException;
import org.tallyring.shardserver.coordination.RangeStore;
import org.tallyring.shardserver.coordination.Versioned;

/**
 * A range's record in the hands of the owner whose epoch it carries. Thread-safe.
 *
 * <p><b>One change at a time.</b> Beginning a segment, storing a snapshot and removing garbage run
 * side by side but all change this record; queueing them here keeps them from conflicting with each
 * other. What is left as a conflict is another owner.
 *
 * <p><b>Unclear outcomes.</b> A compare-and-set whose answer was lost may have been applied, and a
 * client that repeats it by itself then reports a conflict with its own write. But an epoch belongs
 * to exactly one {@link #claim}, and until the next claim only its winner writes the record. So a
 * stored record with this epoch is always this owner's own, whatever the answer was: it is adopted,
 * and the change is made again on top of it. Changes must therefore say what to reach, not what to
 * add twice.
 */
final class OwnedRecord {

  /** How often a claim starts again because the owner before changed the record in between. */
  private static final int CLAIM_ATTEMPTS = 8;

  /** How often a change starts again on top of an own write whose answer was lost. */
  private static final int CHANGE_ATTEMPTS = 3;

  private final RangeStore store;
  private final int rangeId;
  private final long epoch;
  private CompletableFuture<?> tail = CompletableFuture.completedFuture(null);
  private volatile Versioned<RangeRecord> current;

  private OwnedRecord(RangeStore store, int rangeId, Versioned<RangeRecord> claimed) {
    this.store = store;
    this.rangeId = rangeId;
    this.epoch = claimed.value().getEpoch();
    this.current = claimed;
  }

  /**
   * Takes a range by raising its epoch. From then on no earlier owner can change the record. Fails
   * with {@link JournalLostException} if somebody else took it at the same time.
   */
  static CompletableFuture<OwnedRecord> claim(RangeStore store, int rangeId, String owner) {
    return claim(store, rangeId, owner, UnaryOperator.identity());
  }

  /**
   * Takes a range, and changes the record in the same step.
   *
   * @param change from the record with the new epoch and owner to what is wanted
   */
  static CompletableFuture<OwnedRecord> claim(
      RangeStore store, int rangeId, String owner, UnaryOperator<RangeRecord> change) {
    return store.read(rangeId).thenCompose(base -> claim(store, rangeId, owner, change, base, 1));
  }

  private static CompletableFuture<OwnedRecord> claim(
      RangeStore store,
      int rangeId,
      String owner,
      UnaryOperator<RangeRecord> change,
      Versioned<RangeRecord> base,
      int attempt) {
    RangeRecord wanted =
        change.apply(
            base.value().toBuilder()
                .setEpoch(base.value().getEpoch() + 1)
                .setOwner(owner)
                .setServing(false)
                .build());
    return store
        .compareAndSet(rangeId, base.version(), wanted)
        .thenApply(claimed -> new OwnedRecord(store, rangeId, claimed))
        .exceptionallyCompose(
            failure -> {
              if (!(unwrap(failure) instanceof ConflictException)) {
                return CompletableFuture.failedFuture(failure);
              }
              return store
                  .read(rangeId)
                  .thenCompose(
                      stored -> {
                        boolean taken = stored.value().getEpoch() != base.value().getEpoch();
                        if (taken || attempt == CLAIM_ATTEMPTS) {
                          return CompletableFuture.failedFuture(
                              lost(rangeId, wanted, stored, failure));
                        }
                        return claim(store, rangeId, owner, change, stored, attempt + 1);
                      });
            });
  }

  /** The epoch of the claim. */
  long epoch() {
    return epoch;
  }

  /** The record as last stored by this owner. */
  RangeRecord value() {
    return current.value();
  }

  /**
   * Changes the record, after the changes asked for before.
   *
   * @param change from what is stored to what is wanted; may be called several times, also on a
   *     record that has the change already
   * @return the stored record; fails with {@link JournalLostException} if another owner has taken
   *     the range, with any other exception if the outcome is unclear
   */
  synchronized CompletableFuture<RangeRecord> change(UnaryOperator<RangeRecord> change) {
    CompletableFuture<RangeRecord> changed =
        tail.handle((done, ignored) -> current).thenCompose(base -> apply(base, change, 1));
    tail = changed;
    return changed;
  }

  private CompletableFuture<RangeRecord> apply(
      Versioned<RangeRecord> base, UnaryOperator<RangeRecord> change, int attempt) {
    RangeRecord wanted = change.apply(base.value());
    if (wanted.equals(base.value())) {
      return CompletableFuture.completedFuture(wanted);
    }
    return store
        .compareAndSet(rangeId, base.version(), wanted)
        .thenApply(this::adopt)
        .exceptionallyCompose(
            failure ->
                store
                    .read(rangeId)
                    .thenCompose(
                        stored -> {
                          if (stored.value().getEpoch() != epoch) {
                            return CompletableFuture.failedFuture(
                                lost(rangeId, wanted, stored, failure));
                          }
                          adopt(stored);
                          return attempt == CHANGE_ATTEMPTS
                              ? CompletableFuture.failedFuture(failure)
                              : apply(stored, change, attempt + 1);
                        }));
  }

  private RangeRecord adopt(Versioned<RangeRecord> stored) {
    current = stored;
    return stored.value();
  }

  private static JournalLostException lost(
      int rangeId, RangeRecord wanted, Versioned<RangeRecord> stored, Throwable conflict) {
    return JournalLostException.fenced(
        "Range %d: %s lost it at epoch %d to %s at epoch %d"
            .formatted(
                rangeId,
                wanted.getOwner(),
                wanted.getEpoch(),
                stored.value().getOwner(),
                stored.value().getEpoch()),
        conflict);
  }

  private static Throwable unwrap(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
