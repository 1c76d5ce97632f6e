package org.tallyring.shardserver.grpc;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.coordination.ConflictException;
import org.tallyring.shardserver.coordination.NamespaceStore;
import org.tallyring.shardserver.coordination.Versioned;

/** Definitions in a map. Not thread-safe. */
final class MapStore implements NamespaceStore {
  final Map<String, Versioned<NamespaceDefinition>> stored = new HashMap<>();

  @Override
  public CompletableFuture<Versioned<NamespaceDefinition>> read(String name) {
    return CompletableFuture.completedFuture(
        stored.getOrDefault(
            name, new Versioned<>(Versioned.ABSENT, NamespaceDefinition.getDefaultInstance())));
  }

  @Override
  public CompletableFuture<Versioned<NamespaceDefinition>> compareAndSet(
      int expectedVersion, NamespaceDefinition definition) {
    int version = read(definition.getName()).join().version();
    if (version != expectedVersion) {
      return CompletableFuture.failedFuture(new ConflictException(definition.getName()));
    }
    stored.put(definition.getName(), new Versioned<>(version + 1, definition));
    return read(definition.getName());
  }

  @Override
  public CompletableFuture<Void> delete(String name, int expectedVersion) {
    stored.remove(name);
    return CompletableFuture.completedFuture(null);
  }
}
