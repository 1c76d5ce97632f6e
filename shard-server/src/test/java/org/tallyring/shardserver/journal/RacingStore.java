package org.tallyring.shardserver.journal;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.shardserver.coordination.RangeStore;
import org.tallyring.shardserver.coordination.Versioned;

/** Lets something happen between the first read and the compare-and-set that follows it. */
final class RacingStore implements RangeStore {

  private final RangeStore store;
  private @Nullable Runnable race;

  RacingStore(RangeStore store, Runnable race) {
    this.store = store;
    this.race = race;
  }

  @Override
  public CompletableFuture<Versioned<RangeRecord>> read(int rangeId) {
    return store.read(rangeId);
  }

  @Override
  public CompletableFuture<Versioned<RangeRecord>> compareAndSet(
      int rangeId, int expectedVersion, RangeRecord record) {
    Runnable first = race;
    race = null;
    if (first != null) {
      first.run();
    }
    return store.compareAndSet(rangeId, expectedVersion, record);
  }
}
