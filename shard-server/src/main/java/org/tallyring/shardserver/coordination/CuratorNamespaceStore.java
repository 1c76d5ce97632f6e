package org.tallyring.shardserver.coordination;

import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.v1.NamespaceDefinition;

/** Namespace definitions as nodes. */
record CuratorNamespaceStore(ProtoNodes nodes, Paths paths) implements NamespaceStore {

  @Override
  public CompletableFuture<Versioned<NamespaceDefinition>> read(String name) {
    return nodes.read(
        paths.namespace(name),
        NamespaceDefinition.getDefaultInstance(),
        NamespaceDefinition.parser());
  }

  @Override
  public CompletableFuture<Versioned<NamespaceDefinition>> compareAndSet(
      int expectedVersion, NamespaceDefinition definition) {
    return nodes.compareAndSet(paths.namespace(definition.getName()), expectedVersion, definition);
  }

  @Override
  public CompletableFuture<Void> delete(String name, int expectedVersion) {
    return nodes.delete(paths.namespace(name), expectedVersion);
  }
}
