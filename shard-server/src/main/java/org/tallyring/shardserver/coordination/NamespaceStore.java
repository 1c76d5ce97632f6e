package org.tallyring.shardserver.coordination;

import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.v1.NamespaceDefinition;

/** Namespace definitions. Thread-safe. */
public interface NamespaceStore {

  /** The stored definition, past any cache; version {@link Versioned#ABSENT} if there is none. */
  CompletableFuture<Versioned<NamespaceDefinition>> read(String name);

  /**
   * Stores a definition if the stored one still has the expected version ({@link Versioned#ABSENT} to
   * create it).
   *
   * @return what is stored now; fails with {@link ConflictException} if the version is another
   */
  CompletableFuture<Versioned<NamespaceDefinition>> compareAndSet(
      int expectedVersion, NamespaceDefinition definition);

  /** Deletes a definition if it has the expected version; fails like {@link #compareAndSet}. */
  CompletableFuture<Void> delete(String name, int expectedVersion);
}
