package org.tallyring.shardserver.coordination;

import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.v1.NamespaceDefinition;

/**
 * Namespace definitions. Thread-safe.
 *
 * <p>Versions start again when a name is deleted and created anew; the uid tells such definitions
 * apart.
 */
public interface NamespaceStore {

  /** The stored definition, past any cache; version {@link Versioned#ABSENT} if there is none. */
  CompletableFuture<Versioned<NamespaceDefinition>> read(String name);

  /**
   * Stores a definition if the stored one still has the expected version ({@link Versioned#ABSENT}
   * to create it).
   *
   * @return what is stored now; fails with {@link ConflictException} if the version is another, and
   *     with {@link CoordinationException} if the answer was lost, so that the definition may or
   *     may not be stored: read again
   */
  CompletableFuture<Versioned<NamespaceDefinition>> compareAndSet(
      int expectedVersion, NamespaceDefinition definition);

  /** Deletes a definition if it has the expected version; fails like {@link #compareAndSet}. */
  CompletableFuture<Void> delete(String name, int expectedVersion);
}
