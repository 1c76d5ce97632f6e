package org.tallyring.shardserver.journal;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.tallyring.proto.internal.v1.SnapshotReference;

/** Parts of named snapshots in memory. Thread-safe. */
public final class InMemoryArchive implements SnapshotArchive {

  private final Map<Long, List<byte[]>> parts = new ConcurrentHashMap<>();
  private final AtomicLong lastId = new AtomicLong();

  /** How many parts are stored. */
  public int size() {
    return parts.size();
  }

  /** Puts other bytes in the place of a part's. */
  public void replace(SnapshotReference reference, List<byte[]> chunks) {
    parts.put(reference.getLedgerId(), chunks);
  }

  @Override
  public CompletableFuture<SnapshotReference> store(
      int rangeId, long epoch, Position upTo, List<byte[]> chunks) {
    long id = lastId.incrementAndGet();
    parts.put(id, List.copyOf(chunks));
    return CompletableFuture.completedFuture(
        SnapshotReference.newBuilder()
            .setLedgerId(id)
            .setSegment(upTo.segment())
            .setEntry(upTo.entry())
            .setByteSize(chunks.stream().mapToLong(chunk -> chunk.length).sum())
            .build());
  }

  @Override
  public CompletableFuture<List<byte[]>> read(SnapshotReference reference) {
    List<byte[]> chunks = parts.get(reference.getLedgerId());
    return chunks == null
        ? CompletableFuture.failedFuture(new IllegalStateException("no such part"))
        : CompletableFuture.completedFuture(chunks);
  }

  @Override
  public CompletableFuture<Void> delete(SnapshotReference reference) {
    parts.remove(reference.getLedgerId());
    return CompletableFuture.completedFuture(null);
  }
}
