package org.tallyring.shardserver.ownership;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.coordination.CoordinationException;
import org.tallyring.shardserver.coordination.NamespaceStore;
import org.tallyring.shardserver.coordination.Versioned;

/** Namespaces to read, or a store that does not answer. */
final class FakeNamespaceStore implements NamespaceStore {

  final Map<String, NamespaceDefinition> stored = new ConcurrentHashMap<>();
  final List<String> reads = new CopyOnWriteArrayList<>();
  volatile boolean unreachable;

  @Override
  public CompletableFuture<Versioned<NamespaceDefinition>> read(String name) {
    reads.add(name);
    if (unreachable) {
      return CompletableFuture.failedFuture(new CoordinationException("connection lost"));
    }
    NamespaceDefinition definition = stored.get(name);
    return CompletableFuture.completedFuture(
        definition == null
            ? new Versioned<>(Versioned.ABSENT, NamespaceDefinition.getDefaultInstance())
            : new Versioned<>(0, definition));
  }

  @Override
  public CompletableFuture<Versioned<NamespaceDefinition>> compareAndSet(
      int expectedVersion, NamespaceDefinition definition) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletableFuture<Void> delete(String name, int expectedVersion) {
    throw new UnsupportedOperationException();
  }
}
