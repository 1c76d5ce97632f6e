package org.tallyring.shardserver.coordination;

import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.internal.v1.AssignmentTarget;

/** The assignment as one node: 64 short ids, far below ZooKeeper's limit of 1 MiB. */
record CuratorAssignmentStore(ProtoNodes nodes, Paths paths) implements AssignmentStore {

  @Override
  public CompletableFuture<Versioned<AssignmentTarget>> read() {
    return nodes.read(
        paths.assignment(), AssignmentTarget.getDefaultInstance(), AssignmentTarget.parser());
  }

  @Override
  public CompletableFuture<Versioned<AssignmentTarget>> compareAndSet(
      int expectedVersion, AssignmentTarget target) {
    return nodes.compareAndSet(paths.assignment(), expectedVersion, target);
  }
}
