package org.tallyring.shardserver.journal;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.internal.v1.SnapshotReference;

/**
 * Where the parts of named snapshots are stored, apart from journals: nothing but {@link #delete}
 * ever removes one. Thread-safe.
 */
public interface SnapshotArchive {

  /**
   * Stores a part, as durably as the journal's entries.
   *
   * @param rangeId the range it is of
   * @param epoch the owner's epoch
   * @param upTo the last journal entry whose effect is in it
   * @param chunks its content
   * @return what finds it again
   */
  CompletableFuture<SnapshotReference> store(
      int rangeId, long epoch, Position upTo, List<byte[]> chunks);

  /** Reads a part; fails if it is not what was stored. */
  CompletableFuture<List<byte[]>> read(SnapshotReference reference);

  /** Deletes a part; one that is gone already is fine. */
  CompletableFuture<Void> delete(SnapshotReference reference);
}
