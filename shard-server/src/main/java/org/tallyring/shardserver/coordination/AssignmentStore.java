package org.tallyring.shardserver.coordination;

import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.internal.v1.AssignmentTarget;

/** Who should own what. Thread-safe. */
public interface AssignmentStore {

  /** The stored assignment, past any cache. */
  CompletableFuture<Versioned<AssignmentTarget>> read();

  /**
   * Stores an assignment if the stored one still has the expected version ({@link Versioned#ABSENT}
   * to create the first).
   *
   * @return what is stored now; fails with {@link ConflictException} if the version is another, and
   *     with {@link CoordinationException} if the answer was lost, so that the assignment may or
   *     may not be stored: read again
   */
  CompletableFuture<Versioned<AssignmentTarget>> compareAndSet(
      int expectedVersion, AssignmentTarget target);
}
