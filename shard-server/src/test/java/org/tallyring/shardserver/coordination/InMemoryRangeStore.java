package org.tallyring.shardserver.coordination;

import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.tallyring.proto.internal.v1.RangeRecord;

/**
 * The records of ranges as {@link InMemoryCluster} holds them; by itself, for tests that need no
 * more of a coordination than that. It answers before a call returns.
 */
public final class InMemoryRangeStore implements RangeStore {

  private final InMemoryValues<Integer, RangeRecord> records;

  /** The store of no cluster. */
  public InMemoryRangeStore() {
    this(() -> {});
  }

  InMemoryRangeStore(Runnable whenChanged) {
    records = new InMemoryValues<>(RangeRecord.getDefaultInstance(), whenChanged);
  }

  /** Spoils the next compare-and-set that names the stored version. */
  public void nextGoesWrong(Mishap how) {
    records.nextGoesWrong(how);
  }

  /** Lets something happen just before the next compare-and-set. */
  public void happensBeforeNext(Runnable what) {
    records.happensBeforeNext(what);
  }

  /** What is stored; the default instance if there is nothing. */
  public RangeRecord record(int rangeId) {
    return records.stored(rangeId).value();
  }

  /** Changes a record behind its owner's back. */
  public void tamper(int rangeId, UnaryOperator<RangeRecord> change) {
    records.tamper(rangeId, change);
  }

  @Override
  public CompletableFuture<Versioned<RangeRecord>> read(int rangeId) {
    return records.read(rangeId);
  }

  @Override
  public CompletableFuture<Versioned<RangeRecord>> compareAndSet(
      int rangeId, int expectedVersion, RangeRecord record) {
    return records.compareAndSet(rangeId, expectedVersion, record);
  }
}
