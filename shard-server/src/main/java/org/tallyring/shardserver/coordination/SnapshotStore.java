package org.tallyring.shardserver.coordination;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.internal.v1.NamedSnapshot;

/**
 * What there is of named snapshots; their parts are stored elsewhere. Thread-safe.
 *
 * <p>Versions start again when a name is deleted and used anew; the id tells such snapshots apart.
 */
public interface SnapshotStore {

  /** All names, in ascending order. */
  CompletableFuture<List<String>> names();

  /** What is stored under a name; version {@link Versioned#ABSENT} if nothing is. */
  CompletableFuture<Versioned<NamedSnapshot>> read(String name);

  /** Stores a snapshot under its name, as {@link NamespaceStore#compareAndSet} does. */
  CompletableFuture<Versioned<NamedSnapshot>> compareAndSet(
      int expectedVersion, NamedSnapshot snapshot);

  /** Deletes one if it has the expected version; fails like {@link #compareAndSet}. */
  CompletableFuture<Void> delete(String name, int expectedVersion);
}
