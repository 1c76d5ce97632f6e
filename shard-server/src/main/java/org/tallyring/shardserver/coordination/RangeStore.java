package org.tallyring.shardserver.coordination;

import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.internal.v1.RangeRecord;

/** The record of each range: epoch, owner, journal segments, snapshots. Thread-safe. */
public interface RangeStore {

  /** The stored record, past any cache; version {@link Versioned#ABSENT} if there is none. */
  CompletableFuture<Versioned<RangeRecord>> read(int rangeId);

  /**
   * Stores a record if the stored one still has the expected version ({@link Versioned#ABSENT} to
   * create the first).
   *
   * @return what is stored now; fails with {@link ConflictException} if the version is another, and
   *     with {@link CoordinationException} if the answer was lost, so that the record may or may
   *     not be stored: read again
   */
  CompletableFuture<Versioned<RangeRecord>> compareAndSet(
      int rangeId, int expectedVersion, RangeRecord record);
}
