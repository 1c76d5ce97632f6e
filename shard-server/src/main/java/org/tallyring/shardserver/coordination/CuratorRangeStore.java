package org.tallyring.shardserver.coordination;

import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.internal.v1.RangeRecord;

/** Range records as nodes. */
record CuratorRangeStore(ProtoNodes nodes, Paths paths) implements RangeStore {

  @Override
  public CompletableFuture<Versioned<RangeRecord>> read(int rangeId) {
    return nodes.read(paths.range(rangeId), RangeRecord.getDefaultInstance(), RangeRecord.parser());
  }

  @Override
  public CompletableFuture<Versioned<RangeRecord>> compareAndSet(
      int rangeId, int expectedVersion, RangeRecord record) {
    return nodes.compareAndSet(paths.range(rangeId), expectedVersion, record);
  }
}
