package org.tallyring.shardserver.journal;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.shardserver.coordination.ConflictException;
import org.tallyring.shardserver.coordination.RangeStore;
import org.tallyring.shardserver.coordination.Versioned;

/** Records that only this process sees: those of the journals that it rehearses on. Thread-safe. */
final class RehearsalRecords implements RangeStore {

  private static final Versioned<RangeRecord> NONE =
      new Versioned<>(Versioned.ABSENT, RangeRecord.getDefaultInstance());

  private final Map<Integer, Versioned<RangeRecord>> records = new HashMap<>();

  @Override
  public synchronized CompletableFuture<Versioned<RangeRecord>> read(int rangeId) {
    return CompletableFuture.completedFuture(records.getOrDefault(rangeId, NONE));
  }

  @Override
  public synchronized CompletableFuture<Versioned<RangeRecord>> compareAndSet(
      int rangeId, int expectedVersion, RangeRecord record) {
    int version = records.getOrDefault(rangeId, NONE).version();
    if (version != expectedVersion) {
      return CompletableFuture.failedFuture(
          new ConflictException(
              "rehearsal record "
                  + rangeId
                  + ": "
                  + version
                  + " (expected: "
                  + expectedVersion
                  + ")"));
    }
    Versioned<RangeRecord> stored = new Versioned<>(version + 1, record);
    records.put(rangeId, stored);
    return CompletableFuture.completedFuture(stored);
  }

  /** What is stored. */
  synchronized Collection<RangeRecord> all() {
    return List.copyOf(records.values().stream().map(Versioned::value).toList());
  }
}
