package org.tallyring.shardserver.coordination;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.internal.v1.NamedSnapshot;

/** Named snapshots as nodes. */
record CuratorSnapshotStore(ProtoNodes nodes, Paths paths) implements SnapshotStore {

  @Override
  public CompletableFuture<List<String>> names() {
    return nodes.children(paths.snapshots());
  }

  @Override
  public CompletableFuture<Versioned<NamedSnapshot>> read(String name) {
    return nodes.read(
        paths.snapshot(name), NamedSnapshot.getDefaultInstance(), NamedSnapshot.parser());
  }

  @Override
  public CompletableFuture<Versioned<NamedSnapshot>> compareAndSet(
      int expectedVersion, NamedSnapshot snapshot) {
    return nodes.compareAndSet(paths.snapshot(snapshot.getName()), expectedVersion, snapshot);
  }

  @Override
  public CompletableFuture<Void> delete(String name, int expectedVersion) {
    return nodes.delete(paths.snapshot(name), expectedVersion);
  }
}
