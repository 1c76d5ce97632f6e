package org.tallyring.shardserver.journal;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.shardserver.coordination.ConflictException;
import org.tallyring.shardserver.coordination.RangeStore;
import org.tallyring.shardserver.coordination.Versioned;

/** Records in a map, with the ways in which a real store can answer unclearly. */
public final class InMemoryRangeStore implements RangeStore {

  /** What goes wrong with the next compare-and-set. */
  enum Mishap {
    /** It is applied, but its answer says that another version was stored. */
    APPLIED_BUT_REPORTED_AS_CONFLICT,
    /** It is applied, but its answer is lost. */
    APPLIED_BUT_UNANSWERED,
    /** It is not applied, and its answer is lost. */
    NEITHER_APPLIED_NOR_ANSWERED
  }

  private final Map<Integer, Versioned<RangeRecord>> records = new HashMap<>();
  private @Nullable Mishap mishap;

  synchronized void nextGoesWrong(Mishap how) {
    mishap = how;
  }

  synchronized RangeRecord record(int rangeId) {
    return stored(rangeId).value();
  }

  /** Changes a record behind its owner's back. */
  synchronized void tamper(int rangeId, UnaryOperator<RangeRecord> change) {
    Versioned<RangeRecord> stored = stored(rangeId);
    records.put(rangeId, new Versioned<>(stored.version() + 1, change.apply(stored.value())));
  }

  @Override
  public synchronized CompletableFuture<Versioned<RangeRecord>> read(int rangeId) {
    return CompletableFuture.completedFuture(stored(rangeId));
  }

  @Override
  public synchronized CompletableFuture<Versioned<RangeRecord>> compareAndSet(
      int rangeId, int expectedVersion, RangeRecord record) {
    Versioned<RangeRecord> stored = stored(rangeId);
    if (stored.version() != expectedVersion) {
      return CompletableFuture.failedFuture(new ConflictException("range " + rangeId));
    }
    @Nullable Mishap now = mishap;
    mishap = null;
    if (now == Mishap.NEITHER_APPLIED_NOR_ANSWERED) {
      return CompletableFuture.failedFuture(new IllegalStateException("connection lost"));
    }
    Versioned<RangeRecord> next = new Versioned<>(expectedVersion + 1, record);
    records.put(rangeId, next);
    if (now == Mishap.APPLIED_BUT_REPORTED_AS_CONFLICT) {
      return CompletableFuture.failedFuture(new ConflictException("range " + rangeId));
    }
    return now == Mishap.APPLIED_BUT_UNANSWERED
        ? CompletableFuture.failedFuture(new IllegalStateException("connection lost"))
        : CompletableFuture.completedFuture(next);
  }

  private Versioned<RangeRecord> stored(int rangeId) {
    return records.getOrDefault(
        rangeId, new Versioned<>(Versioned.ABSENT, RangeRecord.getDefaultInstance()));
  }
}
