package org.tallyring.shardserver.coordination;

import java.util.function.Consumer;

/**
 * A process's connection to the coordination service. {@link CuratorCoordination} makes it with
 * ZooKeeper; tests have a twin in memory, and one contract suite runs against both. Thread-safe.
 *
 * <p>Listeners are called, and the futures of stores complete, on one thread of the coordination's
 * own. Code that runs there must not block and must not wait for another future of a store.
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

  /** The named snapshots. */
  SnapshotStore snapshots();

  /** The session's present state. */
  SessionState sessionState();

  /**
   * The session's state as reads may rely on it: {@link SessionState#CONNECTED} only if the service
   * is known to keep the session at this moment, also when this process was stopped and has not yet
   * heard what it missed.
   */
  SessionState provenState();

  /** Calls the listener at each later change of the session's state, on a thread of its own. */
  void listenToSession(Consumer<SessionState> listener);

  /**
   * Ends the session, and with it the registration and the candidacy. The state is {@link
   * SessionState#LOST} from then on, of which the listeners are not told.
   */
  @Override
  void close();
}
