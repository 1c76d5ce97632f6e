package org.tallyring.shardserver.coordination;

import java.util.function.Consumer;

/**
 * A process's connection to the coordination service. The only implementations are {@link
 * CuratorCoordination} (ZooKeeper) and {@link InMemoryCoordination} (tests); one contract suite runs
 * against both.
 */
public interface Coordination extends AutoCloseable {

  /** The cluster as it changes. */
  ClusterWatch watch();

  /** Being a member. */
  Membership membership();

  /** Choosing the controller. */
  Election election();

  /** The assignment. */
  AssignmentStore assignment();

  /** The ranges' records. */
  RangeStore ranges();

  /** The namespaces. */
  NamespaceStore namespaces();

  /** The session's present state. */
  SessionState sessionState();

  /** Calls the listener at each later change of the session's state, on a thread of its own. */
  void listenToSession(Consumer<SessionState> listener);

  @Override
  void close();
}
